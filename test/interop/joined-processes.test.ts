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

  /** Pairs of a broker and one that it has a bridge to. */
  type Ways = readonly (readonly [KillableBroker, KillableBroker])[];

  /** With these bridges, what is said at each of those brokers comes to all of them once. */
  async function expectEachOnceOver(
    ways: Ways,
    root: string,
    options: Partial<BridgeOptions>,
  ): Promise<void> {
    const named = ways.map(([from, to], i) => ({ from, to, name: `${root}-${i}` }));
    for (const { from, to, name } of named) from.order({ add: everything(name, to.port, options) });
    for (const { from, name } of named) await within(`the bridge ${name}`, from.until(name, 'connected'));
    const joined = brokers.filter((broker) => ways.some((way) => way.includes(broker)));
    const listeners = await Promise.all(joined.map(({ port }, i) => Listener.at(port, names[i] ?? '')));
    await expectEachOnce(root, listeners);
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    for (const { from, name } of named) from.order({ remove: name });
    for (const { from, name } of named) await within(`${name} to be gone`, from.until(name, 'removed'));
  }

  function three(): readonly [KillableBroker, KillableBroker, KillableBroker] {
    const [a, b, c] = brokers;
    if (a === undefined || b === undefined || c === undefined) throw new Error('there are not three');
    return [a, b, c];
  }

  it.each([4, 5] as const)(
    'pass each message once where one has a bridge to the other, in version %d',
    async (protocolVersion) => {
      const [a, b] = three();
      await expectEachOnceOver([[a, b]], `one-${protocolVersion}`, { protocolVersion });
    },
  );

  it('pass each message once where both have a bridge for everything to the other', async () => {
    const [a, b] = three();
    const ways = [[a, b] as const, [b, a] as const];
    await expectEachOnceOver(ways, 'each', { protocolVersion: 5 });
  });

  it.each(['both', 'out', 'in'])('pass each message once in a ring of three: %s', async (direction) => {
    const [a, b, c] = three();
    const ways = [[a, b] as const, [b, c] as const, [c, a] as const];
    const topics = [`# ${direction} 2`];
    await expectEachOnceOver(ways, `ring-${direction}`, { topics, protocolVersion: 5 });
  });

  describe('in version 4, where messages do not say where they have been', () => {
    const ownOnly = { topics: ['# out 2'], protocolVersion: 4, maximumHops: 1 } as const;

    it('pass each once when both carry what is their own to the other', async () => {
      const [a, b] = three();
      await expectEachOnceOver([[a, b] as const, [b, a] as const], 'each-4', ownOnly);
    });

    it('pass each once when each of three carries what is its own to both others', async () => {
      const all = three();
      const ways = all.flatMap((from) => all.filter((to) => to !== from).map((to) => [from, to] as const));
      await expectEachOnceOver(ways, 'mesh-4', ownOnly);
    });
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
