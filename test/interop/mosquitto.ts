import type { ProtocolVersion } from '@carillon/protocol';
import { host, type InteropBroker } from './broker.ts';
import { Inbox } from './inbox.ts';
import type { Tool } from './installed.ts';
import { Program, run } from './program.ts';
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

/** These programs have no argument that makes them say their version and end with 0. */
const probe = (name: string): Tool => ({
  name,
  debianPackage: 'mosquitto-clients',
  probe: ['sh', '-c', `command -v ${name}`],
});

/** Makes a program say each line at once; to a pipe C would keep it back until a buffer is full. */
const stdbuf: Tool = { ...probe('stdbuf'), debianPackage: 'coreutils' };

export const mosquittoTools: readonly Tool[] = [probe('mosquitto_pub'), probe('mosquitto_sub'), stdbuf];
export const mosquittoRequest: Tool = probe('mosquitto_rr');

/** The command line clients of Eclipse Mosquitto, written in C. */
export const mosquitto: Speaker = {
  name: 'mosquitto_pub and mosquitto_sub',
  tools: mosquittoTools,
  doors: ['tcp', 'tls', 'unix'],
  leavesItsWill: true,
  idleKeepAlive: 5,
  subscribe,
  publish,
};

/** The arguments with which all programs of Mosquitto come to the broker. */
export function connectArguments(broker: InteropBroker, appearance: Appearance): string[] {
  const { clientId = newClientId('mosq'), version = 5, persistent = false, keepAlive = 60 } = appearance;
  const { username, password } = appearance;
  return [
    ...doorArguments(broker, appearance),
    ...['-V', versionArguments[version]],
    ...['-i', clientId],
    ...['-k', String(keepAlive)],
    ...(persistent ? ['-c'] : []),
    ...(persistent && version === 5 ? ['-x', '3600'] : []),
    ...(username === undefined ? [] : ['-u', username]),
    ...(password === undefined ? [] : ['-P', password]),
    ...willArguments(appearance),
  ];
}

const versionArguments: Readonly<Record<ProtocolVersion, string>> = {
  3: 'mqttv31',
  4: 'mqttv311',
  5: 'mqttv5',
};

function doorArguments(broker: InteropBroker, { door = 'tcp' }: Appearance): string[] {
  switch (door) {
    case 'tcp':
      return ['-h', host, '-p', String(broker.ports.tcp)];
    case 'tls':
      return ['-h', host, '-p', String(broker.ports.tls), '--cafile', broker.authorityFile];
    case 'unix':
      return ['--unix', broker.socketPath];
    default:
      throw new Error(`mosquitto's programs do not speak ${door}`);
  }
}

function willArguments({ will, version = 5 }: Appearance): string[] {
  if (will === undefined) return [];
  const { topic, payload, qos = 0, retain = false, properties = {} } = will;
  return [
    ...['--will-topic', topic, '--will-payload', Buffer.from(payload).toString(), '--will-qos', String(qos)],
    ...(retain ? ['--will-retain'] : []),
    ...(version === 5 ? propertyArguments('will', properties) : []),
  ];
}

function propertyArguments(command: string, properties: Properties): string[] {
  const { payloadFormatIndicator, contentType, responseTopic } = properties;
  const { correlationData, messageExpiryInterval, userProperties = [] } = properties;
  const single = {
    'payload-format-indicator': payloadFormatIndicator,
    'content-type': contentType,
    'response-topic': responseTopic,
    'correlation-data': correlationData,
    'message-expiry-interval': messageExpiryInterval,
  };
  return [
    ...Object.entries(single).flatMap(([name, value]) =>
      value === undefined ? [] : ['-D', command, name, String(value)],
    ),
    ...userProperties.flatMap(([name, value]) => ['-D', command, 'user-property', name, value]),
  ];
}

/** One line for each message: the payload in hexadecimal, its user properties in order, everything as JSON. */
const format = '%x\t%P\t%j';

async function subscribe(broker: InteropBroker, appearance: Appearance, wish: Wish): Promise<Subscriber> {
  const { clientId = newClientId('mosq') } = appearance;
  const { filters, qos = 2, subscriptionIdentifier } = wish;
  const messages = new Inbox<Heard>('a message for mosquitto_sub');
  const subscribed = new Inbox<true>('mosquitto_sub to be subscribed');
  const pongs = new Inbox<true>('PINGRESP for mosquitto_sub');
  const onLine = (line: string): void => {
    if (line.startsWith('Subscribed ')) subscribed.push(true);
    else if (line.endsWith(' received PINGRESP')) pongs.push(true);
    else if (line.includes('\t')) messages.push(heard(line));
  };
  const program = new Program(
    'stdbuf',
    [
      ...['-oL', 'mosquitto_sub', ...connectArguments(broker, { ...appearance, clientId })],
      ...filters.flatMap((filter) => ['-t', filter]),
      ...['-q', String(qos), '-d', '-F', format],
      // It ends by itself even if nobody is left to kill it.
      ...['-W', '120'],
      ...(subscriptionIdentifier === undefined
        ? []
        : ['-D', 'subscribe', 'subscription-identifier', String(subscriptionIdentifier)]),
    ],
    onLine,
  );
  program.ended().then(
    (code) => {
      const error = new Error(`mosquitto_sub ended with ${code}: ${program.stderr}`);
      for (const inbox of [messages, subscribed, pongs]) inbox.fail(error);
    },
    () => {},
  );
  try {
    await subscribed.next();
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return {
    clientId,
    next: () => messages.next(),
    pinged: async () => void (await pongs.next()),
    leave: async () => {
      program.signal('SIGTERM');
      await program.ended();
    },
    die: () => program[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

async function publish(
  broker: InteropBroker,
  appearance: Appearance,
  ...words: readonly Words[]
): Promise<void> {
  for (const { topic, payload, qos = 0, retain = false, properties = {} } of words) {
    const args = [
      ...connectArguments(broker, appearance),
      ...['-t', topic, '-q', String(qos)],
      ...(payload.length === 0 ? ['-n'] : ['-s']),
      ...(retain ? ['-r'] : []),
      ...propertyArguments('publish', properties),
    ];
    const { code, stderr } = await run('mosquitto_pub', args, payload);
    if (code !== 0 || stderr !== '') throw new Error(`mosquitto_pub ended with ${code}: ${stderr}`);
  }
}

/** What `%j` prints. */
interface Printed {
  readonly topic: string;
  readonly qos: number;
  readonly retain: number;
  readonly properties?: {
    readonly 'payload-format-indicator'?: number;
    readonly 'content-type'?: string;
    readonly 'response-topic'?: string;
    readonly 'correlation-data'?: string;
    readonly 'message-expiry-interval'?: number;
    readonly 'subscription-identifier'?: number;
  };
}

function heard(line: string): Heard {
  const [payload = '', userProperties = '', ...json] = line.split('\t');
  const { topic, qos, retain, properties = {} }: Printed = JSON.parse(json.join('\t'));
  const contentType = properties['content-type'];
  const responseTopic = properties['response-topic'];
  const correlationData = properties['correlation-data'];
  const messageExpiryInterval = properties['message-expiry-interval'];
  const payloadFormatIndicator = properties['payload-format-indicator'];
  const subscriptionIdentifier = properties['subscription-identifier'];
  return {
    topic,
    payload: Buffer.from(payload, 'hex'),
    qos,
    retain: retain === 1,
    properties: {
      ...(contentType !== undefined && { contentType }),
      ...(responseTopic !== undefined && { responseTopic }),
      ...(correlationData !== undefined && { correlationData }),
      ...(messageExpiryInterval !== undefined && { messageExpiryInterval }),
      ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator }),
      ...(subscriptionIdentifier !== undefined && { subscriptionIdentifiers: [subscriptionIdentifier] }),
      ...(userProperties !== '' && { userProperties: pairs(userProperties) }),
    },
  };
}

/** `name:value name:value`: the tests use neither spaces nor colons inside. */
function pairs(text: string): [string, string][] {
  return text.split(' ').map((pair): [string, string] => {
    const [name = '', value = ''] = pair.split(':');
    return [name, value];
  });
}
