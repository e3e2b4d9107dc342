import { seededRandom } from '@carillon/testkit';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Arrivals, Here } from './bridged-broker.ts';
import { host } from './broker.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { describeWith } from './installed.ts';
import { MosquittoBroker, mosquittoServer } from './mosquitto-broker.ts';

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

  it.each([4, 5] as const)(
    'goes in by TLS with a client certificate, both ways, in version %d',
    async (protocolVersion) => {
      const identity = await far.authority.client('plant-7');
      const root = `tls${protocolVersion}`;
      await using here = new Here({
        addresses: `mqtts://${host}:${far.ports.certificate}`,
        topics: [`${root}/# both 2`],
        tls: { ca: far.authority.cert, ...identity },
        protocolVersion,
      });
      const atHere = arrivalsHere(here, `${root}/in`);
      const atThere = await arrivalsThere(`${root}/out`);
      await here.until('connected');
      await here.broker.publish(`${root}/out`, 'x', { qos: 2 });
      await atThere.until(`${root}/out`, 'x');
      await client.publishAsync(`${root}/in`, 'y', { qos: 2 });
      await atHere.until(`${root}/in`, 'y');
      expect(here.state).toMatchObject({ protocolVersion });
    },
  );

  it('names TLS where the certificate is not trusted', async () => {
    await using here = new Here({ addresses: `mqtts://${host}:${far.ports.certificate}`, topics: ['tls/#'] });
    await here.until('BRIDGE_TLS_FAILED');
    expect(here.state.lastError?.message).toMatch(/^mqtts:\/\/127.0.0.1:\d+: TLS failed: /);
  });

  it('names TLS where it has no certificate to show', async () => {
    await using here = new Here({
      addresses: `mqtts://${host}:${far.ports.certificate}`,
      topics: ['tls/#'],
      tls: { ca: far.authority.cert },
    });
    await here.until('BRIDGE_TLS_FAILED');
    expect(here.state.lastError?.message).toContain('certificate required');
  });

  it.each(['websocket', 'secureWebsocket'] as const)('goes in by %s', async (entrance) => {
    const identity = await far.authority.client('plant-7');
    const scheme = entrance === 'websocket' ? 'ws' : 'wss';
    await using here = new Here({
      addresses: `${scheme}://${host}:${far.ports[entrance]}/mqtt`,
      topics: [`${scheme}/# out 1`],
      tls: { ca: far.authority.cert, ...identity },
    });
    const atThere = await arrivalsThere(`${scheme}/#`);
    await here.until('connected');
    await here.broker.publish(`${scheme}/1`, 'x'.repeat(100_000), { qos: 1 });
    await atThere.until(`${scheme}/1`, 'x'.repeat(100_000));
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
