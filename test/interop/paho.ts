import { afterAll } from 'vitest';
import { type Door, host, type InteropBroker, webSocketPath } from './broker.ts';
import { PahoDriver, type PahoEvent, type PahoVoice, paho, toPaho } from './paho-driver.ts';
import {
  type Appearance,
  newClientId,
  type Speaker,
  type Subscriber,
  type Wish,
  type Words,
} from './speaker.ts';

/** The client of Eclipse Paho for Python. */
export const pahoPython: Speaker = {
  name: 'Paho for Python',
  tools: [paho],
  doors: ['tcp', 'tls', 'ws', 'wss'],
  leavesItsWill: false,
  idleKeepAlive: 5,
  subscribe,
  publish,
};

/** One process serves all clients of a test file that need not die. */
let shared: PahoDriver | undefined;

afterAll(async () => {
  await shared?.[Symbol.asyncDispose]();
  shared = undefined;
});

function sharedDriver(): PahoDriver {
  shared ??= new PahoDriver();
  return shared;
}

/** A client of Paho: what it is told to do, and what it tells. */
export interface PahoClient {
  readonly clientId: string;
  readonly voice: PahoVoice;
  /** What came of its CONNECT. */
  readonly connected: PahoEvent;
  say(what: string, details?: { readonly [key: string]: unknown }): void;
}

/** Connects Paho, be it accepted or refused; `connected.code` tells. */
export async function connectPaho(
  broker: InteropBroker,
  appearance: Appearance = {},
  driver: PahoDriver = sharedDriver(),
): Promise<PahoClient> {
  const { clientId = newClientId('paho'), version = 5, door = 'tcp' } = appearance;
  const { persistent = false, keepAlive = 60, will, username, password } = appearance;
  const name = newClientId('voice');
  const voice = driver.voice(name);
  const say: PahoClient['say'] = (what, details = {}) =>
    driver.say({ do: what, client: name, version, ...details });
  say('connect', {
    ...doorOf(broker, door),
    clientId,
    clean: !persistent,
    keepAlive,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(will !== undefined && { will: toldWords(will) }),
    properties: { SessionExpiryInterval: persistent ? 3600 : 0 },
  });
  return { clientId, voice, connected: await voice.expect('connected'), say };
}

function doorOf({ ports, authorityFile }: InteropBroker, door: Door): Readonly<Record<string, unknown>> {
  if (door === 'unix') throw new Error('this Paho does not speak through Unix sockets');
  const encrypted = door === 'tls' || door === 'wss';
  const webSocket = door === 'ws' || door === 'wss';
  return {
    host,
    port: ports[door],
    ...(encrypted && { authority: authorityFile }),
    ...(webSocket ? { transport: 'websockets', path: webSocketPath } : { transport: 'tcp' }),
  };
}

function toldWords({ topic, payload, qos = 0, retain = false, properties = {} }: Words): {
  readonly [key: string]: unknown;
} {
  return {
    topic,
    payload: Buffer.from(payload).toString('base64'),
    qos,
    retain,
    properties: toPaho(properties),
  };
}

/** Who has a Will may die for it, and so lives alone in a process. */
async function subscribe(broker: InteropBroker, appearance: Appearance, wish: Wish): Promise<Subscriber> {
  const own = appearance.will === undefined ? undefined : new PahoDriver();
  try {
    const client = await connectPaho(broker, appearance, own);
    await grant(client, wish);
    return subscriberOf(client, own);
  } catch (error) {
    await own?.[Symbol.asyncDispose]();
    throw error;
  }
}

async function grant({ voice, connected, say }: PahoClient, wish: Wish): Promise<void> {
  if (connected.code !== 0) throw new Error(`Paho was refused: ${JSON.stringify(connected)}`);
  const { filters, qos = 2, subscriptionIdentifier } = wish;
  const properties =
    subscriptionIdentifier === undefined ? {} : { SubscriptionIdentifier: subscriptionIdentifier };
  say('subscribe', { filters, qos, properties });
  await voice.expect('subscribed');
}

function subscriberOf({ clientId, voice, say }: PahoClient, own: PahoDriver | undefined): Subscriber {
  return {
    clientId,
    next: () => voice.messages.next(),
    pinged: async () => void (await voice.pongs.next()),
    leave: async () => {
      say('disconnect');
      await voice.expect('disconnected');
    },
    die: async () => {
      if (own === undefined) throw new Error('only a client with a Will can die: the others share a process');
      await own[Symbol.asyncDispose]();
    },
    [Symbol.asyncDispose]: async () => {
      say('disconnect');
      await own?.[Symbol.asyncDispose]();
    },
  };
}

async function publish(
  broker: InteropBroker,
  appearance: Appearance,
  ...words: readonly Words[]
): Promise<void> {
  const { voice, connected, say } = await connectPaho(broker, appearance);
  if (connected.code !== 0) throw new Error(`Paho was refused: ${JSON.stringify(connected)}`);
  for (const said of words) {
    say('publish', toldWords(said));
    await voice.expect('published');
  }
  say('disconnect');
  await voice.expect('disconnected');
}
