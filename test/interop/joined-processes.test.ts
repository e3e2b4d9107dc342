import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BridgeOptions } from '@carillon/bridge-mqtt';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KillableBroker } from '../crash/killable-broker.ts';
import { host } from './broker.ts';
import { describeWith } from './installed.ts';
import { MosquittoBroker, mosquittoServer } from './mosquitto-broker.ts';
import { within } from './time-limit.ts';

/** Somebody at a broker who publishes, and notes all that comes there. */
class Listener implements AsyncDisposable {
  readonly name: string;
  readonly heard: string[] = [];
  readonly #client: MqttClient;
  #changed: () => void = () => {};

  private constructor(name: string, client: MqttClient) {
    this.name = name;
    this.#client = client;
    client.on('message', (topic) => {
      this.heard.push(topic);
      this.#changed();
    });
  }

  static async at(port: number, name: string): Promise<Listener> {
    const client = await connectAsync(`mqtt://${host}:${port}`, { protocolVersion: 5 });
    const listener = new Listener(name, client);
    await client.subscribeAsync('#', { qos: 2 });
    return listener;
  }

  say(topic: string, qos: 0 | 1 | 2): Promise<unknown> {
    return this.#client.publishAsync(topic, '', { qos });
  }

  until(topic: string): Promise<void> {
    const come = new Promise<void>((resolve) => {
      this.#changed = () => this.heard.includes(topic) && resolve();
      this.#changed();
    });
    return within(`${topic} at ${this.name}, where ${this.heard} came`, come);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}

const everything = (name: string, port: number, options: Partial<BridgeOptions>): BridgeOptions => ({
  name,
  addresses: `mqtt://${host}:${port}`,
  topics: ['# both 2'],
  backOff: { minimum: 20, maximum: 200 },
  ...options,
});

/** Messages that went round would go on doing so while later ones come: several times all the way. */
const laps = [1, 2, 3];

/** What is said at each, at every QoS, comes to all once. */
async function expectEachOnce(root: string, listeners: readonly Listener[]): Promise<void> {
  const all: string[] = [];
  for (const lap of laps) {
    for (const { name } of listeners) {
      for (const qos of [0, 1, 2]) all.push(`${root}/${name}/${lap}/${qos}`);
    }
    for (const speaker of listeners) {
      for (const qos of [0, 1, 2] as const) await speaker.say(`${root}/${speaker.name}/${lap}/${qos}`, qos);
    }
    for (const listener of listeners) {
      for (const topic of all) await listener.until(topic);
    }
  }
  for (const { name, heard } of listeners) {
    const ofThese = heard.filter((topic) => topic.startsWith(`${root}/`));
    expect([name, ...ofThese.sort()]).toEqual([name, ...all.sort()]);
  }
}

describe('Brokers that are processes of their own', () => {
  const names = ['a', 'b', 'c'] as const;
  let location: string;
  let brokers: KillableBroker[];

  beforeAll(async () => {
    location = await mkdtemp(join(tmpdir(), 'carillon-joined-'));
    brokers = names.map(
      (brokerId) => new KillableBroker(join(location, brokerId), 'written', { brokerId, bridges: [] }),
    );
    await Promise.all(brokers.map((broker) => broker.start()));
  });

  afterAll(async () => {
    await Promise.all(brokers.map((broker) => broker.kill()));
    await rm(location, { recursive: true, force: true });
  });

  /** Each of `froms` has a bridge to the next broker of the circle; what is said then comes to all once. */
  async function expectCircleToPassEachOnce(
    root: string,
    circle: readonly KillableBroker[],
    froms: readonly KillableBroker[],
    options: Partial<BridgeOptions>,
  ): Promise<void> {
    for (const broker of froms) {
      const next = circle[(circle.indexOf(broker) + 1) % circle.length];
      broker.order({ add: everything(root, next?.port ?? 0, options) });
    }
    for (const broker of froms) await within(`the bridge ${root}`, broker.until(root, 'connected'));
    const listeners = await Promise.all(circle.map(({ port }, i) => Listener.at(port, names[i] ?? '')));
    await expectEachOnce(root, listeners);
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    for (const broker of froms) broker.order({ remove: root });
    for (const broker of froms) await within(`${root} to be removed`, broker.until(root, 'removed'));
  }

  it.each([4, 5] as const)(
    'pass each message once where one has a bridge to the other, in version %d',
    async (protocolVersion) => {
      const [a, b] = brokers.slice(0, 2);
      if (a === undefined || b === undefined) throw new Error('there are not two');
      await expectCircleToPassEachOnce(`one-${protocolVersion}`, [a, b], [a], { protocolVersion });
    },
  );

  it('pass each message once where both have a bridge to the other', async () => {
    const two = brokers.slice(0, 2);
    await expectCircleToPassEachOnce('each', two, two, { protocolVersion: 5 });
  });

  it('do so in version 4, when each carries what is its own', async () => {
    const two = brokers.slice(0, 2);
    await expectCircleToPassEachOnce('each-4', two, two, { protocolVersion: 4, maximumHops: 1 });
  });

  it.each(['both', 'out', 'in'])('pass each message once in a ring of three: %s', async (direction) => {
    const topics = [`# ${direction} 2`];
    await expectCircleToPassEachOnce(`ring-${direction}`, brokers, brokers, { topics, protocolVersion: 5 });
  });

  it('do so in version 4, when each carries what is its own', async () => {
    await expectCircleToPassEachOnce('ring-4', brokers, brokers, { protocolVersion: 4, maximumHops: 1 });
  });

  describeWith([mosquittoServer], 'and Mosquitto between them', () => {
    it.each([4, 5] as const)('pass each message once, in version %d', async (protocolVersion) => {
      await using mosquitto = await MosquittoBroker.open();
      const { open } = mosquitto.ports;
      const root = `between-${protocolVersion}`;
      const two = brokers.slice(0, 2);
      for (const broker of two) broker.order({ add: everything(root, open, { protocolVersion }) });
      for (const broker of two) await within(`the bridge ${root}`, broker.until(root, 'connected'));
      const ports = [...two.map(({ port }) => port), open];
      const listeners = await Promise.all(
        ports.map((port, i) => Listener.at(port, ['a', 'b', 'mosquitto'][i] ?? '')),
      );
      await expectEachOnce(root, listeners);
      await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
      for (const broker of two) broker.order({ remove: root });
      for (const broker of two) await within(`${root} to be removed`, broker.until(root, 'removed'));
    });
  });
});
