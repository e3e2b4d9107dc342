/* Rules about certificates, and clients that show real ones over real TLS. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority, type TestIdentity } from '@carillon/test-certificates';
import { createBroker, type RefusedEvent, type SubscribeEvent } from 'carillon';
import mqtt, { type MqttClient } from 'mqtt';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { aclAuth } from '../src/index.ts';

const rules = `
allow publish   plant/pump7/state  cn=pump7
allow publish   plant/north/#      subject.OU=north subject.O=Example qos=1
allow publish   names              san=DNS:pump7.example
allow subscribe plant/#            subject.OU=control
allow subscribe open/#
`;

let authority: Authority;
let stranger: Authority;
let pump: TestIdentity;
let control: TestIdentity;
let impostor: TestIdentity;
let server: TestIdentity;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([Authority.create(), Authority.create('CN=Stranger')]);
  pump = await authority.sign('CN=pump7, OU=north, O=Example', {
    names: [{ type: 'dns', value: 'pump7.example' }],
  });
  control = await authority.sign('CN=desk, OU=control, O=Example');
  impostor = await stranger.sign('CN=pump7, OU=north, O=Example');
  server = await authority.server('localhost');
});

/** Takes clients without a certificate, and with one of a strange authority: the rules are to judge them. */
async function serve() {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-acl-tls-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'acl.txt');
  await writeFile(file, rules);
  const broker = createBroker();
  onTestFinished(() => broker.close({ within: 0 }));
  const refused: RefusedEvent[] = [];
  let tellSubscribed: (event: SubscribeEvent) => void = () => {};
  await broker.use(aclAuth({ file })).ready;
  broker.use({
    name: 'watch',
    hooks: {
      refused: (event) => void refused.push(event),
      subscribed: (event) => tellSubscribed(event),
    },
  });
  const tls = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false };
  const { address } = await broker.listen({ port: 0, host: '127.0.0.1', tls });
  return {
    folder,
    refused,
    port: address.port,
    nextSubscription: () =>
      new Promise<SubscribeEvent>((resolve) => {
        tellSubscribed = resolve;
      }),
    connect: async (identity?: TestIdentity): Promise<MqttClient> => {
      const client = await mqtt.connectAsync(`mqtts://localhost:${address.port}`, {
        protocolVersion: 5,
        reconnectPeriod: 0,
        ca: authority.cert,
        ...(identity !== undefined && { cert: identity.cert, key: identity.key }),
      });
      onTestFinished(() => client.endAsync(true));
      return client;
    },
  };
}

describe('MQTT.js', () => {
  test('publishes what its certificate allows, by common name, by other fields, by alternative name', async () => {
    const { connect } = await serve();
    const desk = await connect(control);
    await desk.subscribeAsync('plant/#', { qos: 1 });
    const heard: string[] = [];
    const all = new Promise<void>((resolve) => {
      desk.on('message', (topic) => {
        if (heard.push(topic) === 2) resolve();
      });
    });
    const client = await connect(pump);
    for (const topic of ['plant/pump7/state', 'plant/north/1', 'names']) {
      await client.publishAsync(topic, 'x', { qos: 1 });
    }
    await all;
    expect(heard).toEqual(['plant/pump7/state', 'plant/north/1']);
  });

  test.each([
    ['plant/pump8/state', 1],
    ['plant/south/1', 1],
    ['plant/north/1', 2],
  ] as const)('is refused %s at QoS %i', async (topic, qos) => {
    const { connect, refused } = await serve();
    const client = await connect(pump);
    await expect(client.publishAsync(topic, 'x', { qos })).rejects.toThrow(/Not authorized|QoS/);
    expect(refused).toHaveLength(1);
  });

  test('without a certificate, or with one that nobody vouches for, may do what all may', async () => {
    const { connect } = await serve();
    for (const identity of [undefined, impostor]) {
      const client = await connect(identity);
      await expect(client.publishAsync('plant/pump7/state', 'x', { qos: 1 })).rejects.toThrow(
        'Not authorized',
      );
      await expect(client.subscribeAsync('plant/#')).rejects.toThrow('Not authorized');
      expect(await client.subscribeAsync('open/1')).toMatchObject([{ qos: 0 }]);
    }
  });
});

const hasMosquittoClients = spawnSync('mosquitto_pub', ['--help']).error === undefined;

describe.runIf(hasMosquittoClients)('mosquitto_pub and mosquitto_sub', () => {
  /** Runs one of them with a certificate, and says how it ended. */
  async function run(
    { folder, port }: { folder: string; port: number },
    program: string,
    identity: TestIdentity,
    ...words: string[]
  ): Promise<string> {
    const files = { cafile: authority.cert, cert: identity.cert, key: identity.key };
    const place = await mkdtemp(join(folder, 'client-'));
    const flags = await Promise.all(
      Object.entries(files).map(async ([flag, pem]) => {
        const file = join(place, flag);
        await writeFile(file, pem);
        return [`--${flag}`, file];
      }),
    );
    const child = spawn(program, [
      '-h',
      'localhost',
      '-p',
      `${port}`,
      '-V',
      'mqttv5',
      ...flags.flat(),
      ...words,
    ]);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    await once(child, 'close');
    return said.trim();
  }

  test('publish and hear what their certificates allow', async () => {
    const house = await serve();
    const subscribed = house.nextSubscription();
    const heard = run(house, 'mosquitto_sub', control, '-t', 'plant/#', '-q', '1', '-C', '1', '-W', '20');
    await subscribed;
    expect(await run(house, 'mosquitto_pub', pump, '-t', 'plant/pump7/state', '-m', 'runs', '-q', '1')).toBe(
      '',
    );
    expect(await heard).toBe('runs');
    expect(house.refused).toEqual([]);
  });

  test('are refused what they do not', async () => {
    const house = await serve();
    const published = await run(
      house,
      'mosquitto_pub',
      pump,
      '-t',
      'plant/pump8/state',
      '-m',
      'x',
      '-q',
      '1',
    );
    expect(published).toContain('Not authorized');
    const heard = await run(house, 'mosquitto_sub', pump, '-t', 'plant/#', '-C', '1', '-W', '20');
    expect(heard).toContain('denied');
    expect(house.refused).toHaveLength(2);
  });
});
