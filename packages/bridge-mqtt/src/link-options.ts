import type { MaybePromise } from '@carillon/persistence';
import type { TopicOptions } from './topic-options.ts';

/** User name and password for the remote broker. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string | Uint8Array;
}

/** TLS, as Node takes it. */
export interface BridgeTlsOptions {
  /** Authorities that may vouch for the remote broker, PEM. Default: those that Node knows. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** The client certificate, PEM. */
  readonly cert?: string | Buffer;
  /** Its key, PEM. */
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** The name the certificate has to have, and that is asked for. Default: the host of the address. */
  readonly serverName?: string;
  /** Default true. False talks to anybody: for trials only. */
  readonly rejectUnauthorized?: boolean;
  /** Such as `['x-amzn-mqtt-ca']`. */
  readonly alpnProtocols?: readonly string[];
}

/** How long a bridge waits before it tries again: from `minimum`, twice as long each time, up to `maximum`. */
export interface BackOffOptions {
  /** Milliseconds. Default 1000. The wait is between half of what is due and all of it, by chance. */
  readonly minimum?: number;
  /** Milliseconds. Default 60,000. */
  readonly maximum?: number;
}

/** One bridge: the way to one remote broker, and what is carried. */
export interface BridgeOptions {
  /** Names it in logs, topics and `bridge.state`: letters, digits, `_`, `-` and `.`. Its sessions bear the name too. */
  readonly name: string;
  /**
   * Where the remote broker is: `mqtt://host:1883`, `mqtts://host:8883`, `ws://host/mqtt`, `wss://host/mqtt`. Of
   * several, the first is the main one; the next ones are tried when it fails.
   */
  readonly addresses: string | readonly string[];
  /** What is carried: options, or lines as in Mosquitto's configuration (`sensors/# out 1 local/ remote/`). */
  readonly topics: readonly (string | TopicOptions)[];
  /** Given, or asked for at each attempt to connect: for tokens that change. */
  readonly credentials?: Credentials | (() => MaybePromise<Credentials>);
  readonly tls?: BridgeTlsOptions;
  /** 5 and 4 speak MQTT 5.0 or 3.1.1 only. Default `auto`: 5.0, and 3.1.1 where the remote broker refuses it. */
  readonly protocolVersion?: 'auto' | 4 | 5;
  /**
   * With 3.1.1, say by the bridge bit that a broker connects; where it is refused, go without. A broker that knows it
   * sends nothing back to the bridge that came from it. Default true. (`try_private` of Mosquitto.)
   */
  readonly bridgeBit?: boolean;
  /** The client id on the remote broker. Default: the broker id, a dot, the name. */
  readonly clientId?: string;
  /** Seconds that the remote broker keeps the session while the bridge is away. Default 0xFFFFFFFF: for ever. */
  readonly sessionExpiryInterval?: number;
  /** Begin with a new session on the remote broker at each connection: what waited there is lost. Default false. */
  readonly cleanStart?: boolean;
  /** Seconds. Default 60. */
  readonly keepAlive?: number;
  /** Milliseconds from the first byte until everything is subscribed. Default 10,000. */
  readonly connectTimeout?: number;
  readonly backOff?: BackOffOptions;
  /** Seconds between looks whether the main address is back, while another one is in use. Default 60; 0: never. */
  readonly failBack?: number;
  /** Of several addresses take the next one at each attempt: none is the main one. Default false. */
  readonly roundRobin?: boolean;
  /**
   * Connections, each with sessions of its own on both sides. What goes out is divided among them by topic, and the order
   * of each topic is kept; what comes in the remote broker shares out (`$share`), and order holds within each connection
   * only. Default 1.
   */
  readonly connections?: number;
  /** `lazy` connects when there is something to send, and leaves after `idleTimeout`. Default `automatic`. */
  readonly start?: 'automatic' | 'lazy';
  /** Seconds without a message until a lazy bridge leaves. Default 60. */
  readonly idleTimeout?: number;
  /**
   * QoS 1 and 2 messages under way in each direction. Default 100. With 3.1.1 at most 20 go out at a time: brokers of
   * 3.1.1 cannot say how many they take, and Mosquitto drops those above its `max_inflight_messages`.
   */
  readonly maximumInflight?: number;
  /** Bytes of messages, both directions together; beyond it the bridge reads more slowly. Default: no cap. */
  readonly maximumBytesPerSecond?: number;
  /** Bytes of a packet from the remote broker. Default 1,048,576, which is what a broker takes by default. */
  readonly maximumPacketSize?: number;
  /**
   * Bridges that a message may pass; one that has passed so many is not carried on. With 1, also none that came by MQTT
   * 3.1.1, where it is not told how many it has passed. Default 8.
   */
  readonly maximumHops?: number;
  /** Publish, retained, 1 while connected and 0 while not: here, and there by a Will. Default true. */
  readonly notifications?: boolean;
  /** Where. Default `$bridge/` with the client id and `/state`, on both sides. */
  readonly notificationTopic?: string;
  /** Only here. Default false. */
  readonly notificationsLocalOnly?: boolean;
}

/** All bridges of a broker. */
export interface MqttBridgeOptions {
  /** The bridges to begin with; more can be added. */
  readonly bridges?: readonly BridgeOptions[];
  /**
   * Names this broker among those that are joined, and in its client ids. Default: made up once, and kept as the
   * retained message `$bridge/id`.
   */
  readonly brokerId?: string;
  /** Seconds between updates of `$SYS/broker/bridge/…`; 0 turns them off. Default 10. */
  readonly systemTopicInterval?: number;
}
