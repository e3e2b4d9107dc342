import type { ProtocolVersion } from '@carillon/protocol';
import mqtt, {
  type IClientOptions,
  type IClientSubscribeOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { type Door, doors, host, type InteropBroker, webSocketPath } from './broker.ts';
import { Inbox } from './inbox.ts';
import {
  type Appearance,
  type Heard,
  newClientId,
  type Properties,
  type Speaker,
  type Subscriber,
  type Wish,
  type Words,
} from './speaker.ts';
import { within } from './time-limit.ts';

/** The most used client of JavaScript, in this process. */
export const mqttJs: Speaker = {
  name: 'MQTT.js',
  tools: [],
  doors,
  leavesItsWill: false,
  idleKeepAlive: 5,
  subscribe,
  publish,
};

/** A client of MQTT.js, and what it has received since the beginning. */
export interface MqttJsClient extends AsyncDisposable {
  readonly client: MqttClient;
  readonly messages: Inbox<Heard>;
  /** The session present flag of CONNACK. */
  readonly sessionPresent: boolean;
}

/** Connects MQTT.js. It does not reconnect by itself unless `more` says so; `prepare` sees it before it connects. */
export async function connectMqttJs(
  broker: InteropBroker,
  appearance: Appearance = {},
  more: IClientOptions = {},
  prepare: (client: MqttClient) => void = () => {},
): Promise<MqttJsClient> {
  const client = mqtt.connect(
    addressOf(broker, appearance.door ?? 'tcp'),
    optionsOf(broker, appearance, more),
  );
  const messages = new Inbox<Heard>('a message for MQTT.js');
  client.on('message', (topic, _payload, packet) => messages.push(heard(topic, packet)));
  client.on('error', (error) => messages.fail(error));
  client.on('close', () => messages.fail(new Error('the connection of MQTT.js is closed')));
  prepare(client);
  const connack = await within('CONNACK for MQTT.js', accepted(client));
  return {
    client,
    messages,
    sessionPresent: connack.sessionPresent,
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

/** As {@link IClientOptions}: what was asked for, and nothing of its own accord. */
function optionsOf(broker: InteropBroker, appearance: Appearance, more: IClientOptions): IClientOptions {
  const { clientId = newClientId('js'), version = 5, persistent = false, keepAlive = 60 } = appearance;
  const { will, username, password } = appearance;
  const { properties, ...others } = more;
  return {
    clientId,
    ...protocolOf(version),
    clean: !persistent,
    keepalive: keepAlive,
    reconnectPeriod: 0,
    ca: broker.authority,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(will !== undefined && { will: willOf(will, version) }),
    ...(version === 5 && {
      properties: { sessionExpiryInterval: persistent ? 3600 : 0, ...properties },
    }),
    ...others,
  };
}

function protocolOf(version: ProtocolVersion): IClientOptions {
  return version === 3
    ? { protocolId: 'MQIsdp', protocolVersion: 3 }
    : { protocolId: 'MQTT', protocolVersion: version };
}

function addressOf({ ports, socketPath }: InteropBroker, door: Door): string {
  switch (door) {
    case 'tcp':
      return `mqtt://${host}:${ports.tcp}`;
    case 'tls':
      return `mqtts://${host}:${ports.tls}`;
    case 'ws':
      return `ws://${host}:${ports.ws}${webSocketPath}`;
    case 'wss':
      return `wss://${host}:${ports.wss}${webSocketPath}`;
    case 'unix':
      return `mqtt+unix://${socketPath}`;
  }
}

function accepted(client: MqttClient): Promise<{ sessionPresent: boolean }> {
  return new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('error', reject);
    client.once('close', () => reject(new Error('the connection of MQTT.js was closed before CONNACK')));
  });
}

async function subscribe(broker: InteropBroker, appearance: Appearance, wish: Wish): Promise<Subscriber> {
  const { client, messages } = await connectMqttJs(broker, appearance);
  const pongs = new Inbox<true>('PINGRESP for MQTT.js');
  client.on('packetreceive', ({ cmd }) => {
    if (cmd === 'pingresp') pongs.push(true);
  });
  const { filters, qos = 2, subscriptionIdentifier } = wish;
  const options: IClientSubscribeOptions = {
    qos,
    ...(subscriptionIdentifier !== undefined && { properties: { subscriptionIdentifier } }),
  };
  await within('SUBACK for MQTT.js', client.subscribeAsync([...filters], options));
  return {
    clientId: client.options.clientId ?? '',
    next: () => messages.next(),
    pinged: async () => void (await pongs.next()),
    leave: () => within('the end of MQTT.js', client.endAsync()),
    die: async () => {
      const closed = new Promise<void>((resolve) => client.once('close', resolve));
      client.stream.destroy();
      await within('the death of MQTT.js', closed);
    },
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

async function publish(
  broker: InteropBroker,
  appearance: Appearance,
  ...words: readonly Words[]
): Promise<void> {
  await using connection = await connectMqttJs(broker, appearance);
  for (const { topic, payload, qos = 0, retain = false, properties } of words) {
    const options = { qos, retain, ...(properties !== undefined && { properties: toMqttJs(properties) }) };
    await within(
      'the acknowledgement for MQTT.js',
      connection.client.publishAsync(topic, Buffer.from(payload), options),
    );
  }
  await within('the end of MQTT.js', connection.client.endAsync());
}

function willOf(will: Words, version: ProtocolVersion): NonNullable<IClientOptions['will']> {
  const { topic, payload, qos = 0, retain = false, properties } = will;
  return {
    topic,
    payload: Buffer.from(payload),
    qos,
    retain,
    ...(version === 5 && properties !== undefined && { properties: toMqttJs(properties) }),
  };
}

function toMqttJs(properties: Properties): NonNullable<IPublishPacket['properties']> {
  const { payloadFormatIndicator, correlationData, userProperties, subscriptionIdentifiers, ...same } =
    properties;
  return {
    ...same,
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator: payloadFormatIndicator === 1 }),
    ...(correlationData !== undefined && { correlationData: Buffer.from(correlationData) }),
    ...(userProperties !== undefined && { userProperties: grouped(userProperties) }),
  };
}

/** MQTT.js knows a name once, with all its values. */
function grouped(pairs: NonNullable<Properties['userProperties']>): Record<string, string[]> {
  const byName: Record<string, string[]> = {};
  for (const [name, value] of pairs) {
    byName[name] = [...(byName[name] ?? []), value];
  }
  return byName;
}

/** In the packet itself the topic is as it was on the wire: empty where an alias stood for it. */
function heard(topic: string, packet: IPublishPacket): Heard {
  const { payload, qos, retain, properties = {} } = packet;
  return { topic, payload: Buffer.from(payload), qos, retain, properties: fromMqttJs(properties) };
}

function fromMqttJs(properties: NonNullable<IPublishPacket['properties']>): Properties {
  const { payloadFormatIndicator, correlationData, userProperties, subscriptionIdentifier } = properties;
  const { contentType, responseTopic, messageExpiryInterval } = properties;
  return {
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(messageExpiryInterval !== undefined && { messageExpiryInterval }),
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator: payloadFormatIndicator ? 1 : 0 }),
    ...(correlationData !== undefined && { correlationData: correlationData.toString() }),
    ...(userProperties !== undefined && { userProperties: ungrouped(userProperties) }),
    ...(subscriptionIdentifier !== undefined && { subscriptionIdentifiers: [subscriptionIdentifier].flat() }),
  };
}

function ungrouped(byName: Readonly<Record<string, string | string[]>>): [string, string][] {
  return Object.entries(byName).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}
