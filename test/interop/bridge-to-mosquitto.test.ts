import { type BridgeOptions, type MqttBridge, mqttBridge } from '@carillon/bridge-mqtt';
import { seededRandom } from '@carillon/testkit';
import { type CarillonBroker, createBroker } from 'carillon';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { host } from './broker.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { describeWith } from './installed.ts';
import { MosquittoBroker, mosquittoServer } from './mosquitto-broker.ts';
import { within } from './time-limit.ts';

const quick = { backOff: { minimum: 20, maximum: 200 } };

/** A broker here with one bridge, and what becomes of the bridge. */
class Here implements AsyncDisposable {
  readonly broker: CarillonBroker;
  readonly bridge: MqttBridge;
  readonly changes: string[] = [];
  #whenChanged: () => void = () => {};

  constructor(options: Partial<BridgeOptions> & Pick<BridgeOptions, 'addresses' | 'topics'>) {
    this.broker = createBroker({ systemTopicInterval: 0, limits: { maximumQueuedMessages: 100_000 } });
    this.bridge = mqttBridge({ bridges: [{ name: 'mosquitto', ...quick, ...options }] });
    this.broker.use(this.bridge);
    this.broker.use({
      name: 'watch',
      hooks: {
        bridgeChanged: ({ change, code }) => {
          this.changes.push(code === '' ? change : code);
          this.#whenChanged();
        },
      },
    });
  }

  /** Starts the broker, and waits until the bridge has said that. */
  async until(change: string): Promise<this> {
    await this.broker.start();
    const said = new Promise<void>((resolve) => {
      this.#whenChanged = () => this.changes.includes(change) && resolve();
      this.#whenChanged();
    });
    await within(`the bridge to say ${change}; it said ${this.changes}`, said);
    return this;
  }

  get state() {
    const state = this.bridge.state.get('mosquitto');
    if (state === undefined) throw new Error('the bridge is gone');
    return state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close({ within: 500 });
  }
}

/** Payloads by topic as they come, and the means to wait for enough of them. */
class Arrivals {
  readonly byTopic = new Map<string, string[]>();
  #changed: () => void = () => {};

  take(topic: string, payload: string): void {
    this.byTopic.set(topic, [...(this.byTopic.get(topic) ?? []), payload]);
    this.#changed();
  }

  /** Until the topic has brought that payload. */
  async until(topic: string, payload: string): Promise<void> {
    const has = (): boolean => this.byTopic.get(topic)?.includes(payload) === true;
    const come = new Promise<void>((resolve) => {
      const look = (): void => void (has() && resolve());
      const before = this.#changed;
      this.#changed = () => {
        before();
        look();
      };
      look();
    });
    await within(`${payload} on ${topic}`, come);
  }
}

describeWith([mosquittoServer], 'A bridge to Mosquitto', () => {
  let far: MosquittoBroker;
  let client: MqttClient;

  beforeAll(async () => {
    far = await MosquittoBroker.open();
    client = await connectAsync(`mqtt://${host}:${far.ports.open}`, { protocolVersion: 5 });
  });

  afterAll(async () => {
    client.end(true);
    await far[Symbol.asyncDispose]();
  });

  async function arrivalsThere(filter: string): Promise<Arrivals> {
    const arrivals = new Arrivals();
    client.on('message', (topic, payload) => arrivals.take(topic, payload.toString()));
    await client.subscribeAsync(filter, { qos: 2 });
    return arrivals;
  }

  function arrivalsHere({ broker }: Here, filter: string): Arrivals {
    const arrivals = new Arrivals();
    broker.subscribe(filter, (message) => arrivals.take(message.topic, message.text()), {
      retainHandling: 2,
    });
    return arrivals;
  }

  it.each([4, 5] as const)('carries everything both ways once, in version %d', async (protocolVersion) => {
    const root = `both${protocolVersion}`;
    await using here = new Here({
      addresses: `mqtt://${host}:${far.ports.open}`,
      topics: [`${root}/# both 2`],
      protocolVersion,
    });
    const atHere = arrivalsHere(here, `${root}/#`);
    const atThere = await arrivalsThere(`${root}/#`);
    await here.until('connected');
    for (const qos of [0, 1, 2] as const) {
      await here.broker.publish(`${root}/out/${qos}`, 'out', { qos });
      await client.publishAsync(`${root}/in/${qos}`, 'in', { qos });
      await atThere.until(`${root}/out/${qos}`, 'out');
      await atHere.until(`${root}/in/${qos}`, 'in');
    }
    // What would come back would have come before these.
    await here.broker.publish(`${root}/last`, 'out', { qos: 2 });
    await atThere.until(`${root}/last`, 'out');
    await client.publishAsync(`${root}/last`, 'in', { qos: 2 });
    await atHere.until(`${root}/last`, 'in');
    await atThere.until(`${root}/last`, 'in');
    const all = Object.fromEntries(
      [0, 1, 2].flatMap((qos) => [
        [`${root}/out/${qos}`, ['out']],
        [`${root}/in/${qos}`, ['in']],
      ]),
    );
    expect(Object.fromEntries(atHere.byTopic)).toEqual({ ...all, [`${root}/last`]: ['out', 'in'] });
    expect(Object.fromEntries(atThere.byTopic)).toEqual({ ...all, [`${root}/last`]: ['out', 'in'] });
    expect(here.state).toMatchObject({ protocolVersion, counters: { waiting: 0 } });
  });

  it('goes in by TLS with a client certificate', async () => {
    const identity = await far.authority.client('plant-7');
    await using here = new Here({
      addresses: `mqtts://${host}:${far.ports.certificate}`,
      topics: ['tls/# out 1'],
      tls: { ca: far.authority.cert, ...identity },
    });
    const atThere = await arrivalsThere('tls/#');
    await here.until('connected');
    await here.broker.publish('tls/1', 'x', { qos: 1 });
    await atThere.until('tls/1', 'x');
  });

  it('names TLS where the certificate is not trusted', async () => {
    await using here = new Here({ addresses: `mqtts://${host}:${far.ports.certificate}`, topics: ['tls/#'] });
    await here.until('BRIDGE_TLS_FAILED');
    expect(here.state.lastError?.message).toMatch(/^mqtts:\/\/127.0.0.1:\d+: TLS failed: /);
  });

  it('goes in by WebSocket', async () => {
    await using here = new Here({
      addresses: `ws://${host}:${far.ports.websocket}/mqtt`,
      topics: ['ws/# out 1'],
    });
    const atThere = await arrivalsThere('ws/#');
    await here.until('connected');
    await here.broker.publish('ws/1', 'x'.repeat(100_000), { qos: 1 });
    await atThere.until('ws/1', 'x'.repeat(100_000));
  });

  it.each([4, 5] as const)('names a wrong password as such, in version %d', async (protocolVersion) => {
    const credentials = { username: 'ann', password: 'wrong' };
    const addresses = `mqtt://${host}:${far.ports.password}`;
    await using here = new Here({ addresses, topics: ['#'], credentials, protocolVersion });
    await here.until('BRIDGE_CREDENTIALS_REFUSED');
    expect(here.state.lastError?.message).toContain('user name "ann"');
  });

  it('goes in with the right one', async () => {
    const credentials = { username: 'ann', password: 'right' };
    await using here = new Here({
      addresses: `mqtt://${host}:${far.ports.password}`,
      topics: ['#'],
      credentials,
    });
    await here.until('connected');
  });

  it('says that nobody listens where nobody does', async () => {
    await using here = new Here({ addresses: `mqtt://${host}:1`, topics: ['#'] });
    await here.until('BRIDGE_UNREACHABLE');
    expect(here.state.lastError?.message).toBe('mqtt://127.0.0.1:1: nobody listens there (ECONNREFUSED)');
  });

  it('shows by its Will that it is gone', async () => {
    const topic = 'states/bridge';
    const atThere = await arrivalsThere(topic);
    {
      await using here = new Here({
        addresses: `mqtt://${host}:${far.ports.open}`,
        topics: ['none/#'],
        notificationTopic: topic,
      });
      await here.until('connected');
      await atThere.until(topic, '1');
    }
    await atThere.until(topic, '0');
  });
});

const root = 'cut';
const numbers = Array.from({ length: 150 }, (_, i) => String(i));

describeWith([mosquittoServer], 'Over a bad line to Mosquitto', () => {
  it.each([
    [4, 1],
    [4, 4],
    [5, 2],
    [5, 3],
  ] as const)('nothing is lost and QoS 2 comes once: version %d, seed %d', async (protocolVersion, seed) => {
    await using far = await MosquittoBroker.open();
    await using line = await CuttingProxy.open(far.ports.open, seededRandom(seed), 4000);
    const client = await connectAsync(`mqtt://${host}:${far.ports.open}`, { protocolVersion: 5 });
    const topics = [1, 2].flatMap((qos) => [`${root}/out/${qos} out ${qos}`, `${root}/in/${qos} in ${qos}`]);
    await using here = new Here({ addresses: `mqtt://${host}:${line.port}`, topics, protocolVersion });
    const atThere = new Arrivals();
    client.on('message', (topic, payload) => atThere.take(topic, payload.toString()));
    await client.subscribeAsync(`${root}/out/+`, { qos: 2 });
    const atHere = new Arrivals();
    here.broker.subscribe(`${root}/in/+`, (message) => atHere.take(message.topic, message.text()));
    await here.until('connected');
    for (const number of numbers) {
      for (const qos of [1, 2] as const) {
        await here.broker.publish(`${root}/out/${qos}`, number, { qos });
        await client.publishAsync(`${root}/in/${qos}`, number, { qos });
      }
    }
    line.beGentle();
    const last = numbers.at(-1) ?? '';
    for (const qos of [1, 2]) {
      await atThere.until(`${root}/out/${qos}`, last);
      await atHere.until(`${root}/in/${qos}`, last);
    }
    client.end(true);
    expect(line.cuts).toBeGreaterThan(1);
    expect(atThere.byTopic.get(`${root}/out/2`)).toEqual(numbers);
    expect(atHere.byTopic.get(`${root}/in/2`)).toEqual(numbers);
    expect([...new Set(atThere.byTopic.get(`${root}/out/1`))]).toEqual(numbers);
    expect([...new Set(atHere.byTopic.get(`${root}/in/1`))]).toEqual(numbers);
  });
});
