import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { PublisherLedger, SubscriberLedger } from './ledger.ts';

/** No more than any broker takes at a time: Mosquitto takes 20. */
const window = 20;

/** A client that comes back to its session by itself whenever the broker does. */
export function persistentClient(port: number, clientId: string): MqttClient {
  const options: IClientOptions = {
    host: '127.0.0.1',
    port,
    clientId,
    clean: false,
    protocolVersion: 5,
    properties: { sessionExpiryInterval: 3600 },
    reconnectPeriod: 20,
    connectTimeout: 5000,
    resubscribe: false,
  };
  const client = mqtt.connect(options);
  // While the broker is dead every attempt to connect fails; that is what this test is about.
  client.on('error', () => {});
  return client;
}

/** Publishes as fast as acknowledgements allow, until it is stopped. */
export class Publisher {
  readonly ledger: PublisherLedger;
  readonly #client: MqttClient;
  readonly #told: () => void;
  #outstanding = 0;
  #isStopped = false;
  #settled: (() => void) | undefined = undefined;

  constructor(port: number, name: string, qos: 1 | 2, told: () => void) {
    this.ledger = new PublisherLedger(name, qos);
    this.#client = persistentClient(port, name);
    this.#told = told;
    this.#client.on('connect', () => this.#fill());
  }

  /** No new messages; settles when all that were sent are acknowledged. */
  stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  end(): Promise<void> {
    return this.#client.endAsync(true);
  }

  #fill(): void {
    while (!this.#isStopped && this.#client.connected && this.#outstanding < window) this.#publish();
  }

  #publish(): void {
    const number = this.ledger.sent++;
    this.#outstanding++;
    const { name, qos } = this.ledger;
    this.#client.publish(`crash/${name}`, String(number), { qos, retain: true }, (error?: Error | null) => {
      this.#outstanding--;
      if (!error) this.ledger.acknowledged.add(number);
      this.#told();
      // Another turn: MQTT.js calls back in the turn of `publish` when its connection has just died.
      setImmediate(() => this.#fill());
      if (this.#outstanding === 0) this.#settled?.();
    });
  }
}

/** Notes what it receives. Its session is made by the first connection and never again. */
export class Subscriber {
  readonly ledger: SubscriberLedger;
  readonly #client: MqttClient;

  /** Connected and subscribed. */
  isThere = false;

  private constructor(name: string, client: MqttClient, noted: () => void) {
    this.ledger = new SubscriberLedger(name);
    this.#client = client;
    client.on('message', (topic, payload, packet) => {
      if (packet.retain) return;
      this.ledger.note(topic.slice('crash/'.length), Number(payload.toString()));
      noted();
    });
  }

  static async subscribe(port: number, name: string, noted: () => void): Promise<Subscriber> {
    const client = persistentClient(port, name);
    const subscriber = new Subscriber(name, client, noted);
    await new Promise<unknown>((resolve) => client.once('connect', resolve));
    await client.subscribeAsync('crash/#', { qos: 2 });
    subscriber.isThere = true;
    return subscriber;
  }

  /** From here on it subscribes again when it finds that its session is gone. */
  subscribeAnew(noted: () => void): void {
    const client = this.#client;
    client.on('close', () => {
      this.isThere = false;
    });
    client.on('connect', async ({ sessionPresent }) => {
      if (!sessionPresent) await client.subscribeAsync('crash/#', { qos: 2 }).catch(() => {});
      this.isThere = client.connected;
      noted();
    });
  }

  /** Comes back to a session that must be there. */
  static resume(port: number, name: string, noted: () => void): Subscriber {
    return new Subscriber(name, persistentClient(port, name), noted);
  }

  end(): Promise<void> {
    return this.#client.endAsync(true);
  }
}

/** The number that is retained for each publisher, once there is one for `count` of them. */
export async function readRetained(port: number, count: number): Promise<Map<string, number>> {
  const retained = new Map<string, number>();
  const client = mqtt.connect({ host: '127.0.0.1', port, protocolVersion: 5 });
  const complete = new Promise<void>((resolve) => {
    client.on('message', (topic, payload) => {
      retained.set(topic.slice('crash/'.length), Number(payload.toString()));
      if (retained.size === count) resolve();
    });
  });
  await client.subscribeAsync('crash/#');
  await complete;
  await client.endAsync();
  return retained;
}
