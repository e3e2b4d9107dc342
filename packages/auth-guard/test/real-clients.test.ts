/* Clients as they are, over TLS as it is. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority, type TestIdentity } from '@carillon/test-certificates';
import { createBroker, deny, type Plugin } from 'carillon';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type AuthGuardOptions, authGuard } from '../src/index.ts';

let authority: Authority;
let server: TestIdentity;

beforeAll(async () => {
  authority = await Authority.create();
  server = await authority.server('localhost');
});

async function serve(options?: AuthGuardOptions, more: readonly Plugin[] = []) {
  const broker = createBroker();
  onTestFinished(() => broker.close({ within: 0 }));
  const guard = authGuard(options);
  for (const plugin of [guard, ...more]) broker.use(plugin);
  const { address } = await broker.listen({ port: 0, host: '127.0.0.1', tls: server });
  const connect = async (how: IClientOptions): Promise<MqttClient> => {
    const url = `mqtts://localhost:${address.port}`;
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, ca: authority.cert, ...how });
    client.on('error', () => {});
    onTestFinished(() => client.endAsync(true));
    return client;
  };
  return { guard, connect, port: address.port };
}

test.each([4, 5] as const)(
  'MQTT.js (protocol %i) is banned while it is connected, and after',
  async (version) => {
    const { guard, connect } = await serve();
    const device = { clientId: 'pump7', protocolVersion: version };
    const client = await connect(device);
    const closed = new Promise<void>((resolve) => client.once('close', resolve));
    await guard.ban({ clientId: 'pump7' });
    await closed;
    await expect(connect(device)).rejects.toMatchObject({ code: version === 5 ? 0x8a : 5 });
  },
);

test('MQTT.js publishes faster than it may, and every message arrives in order', async () => {
  const { connect } = await serve({ rates: { messages: { perSecond: 100, burst: 10 } } });
  const receiver = await connect({ clientId: 'receiver' });
  await receiver.subscribeAsync('t', { qos: 1 });
  const arrived: number[] = [];
  const all = new Promise<void>((resolve) => {
    receiver.on('message', (_topic, payload) => {
      if (arrived.push(Number(payload.toString())) === 40) resolve();
    });
  });
  const sender = await connect({ clientId: 'sender' });
  const began = performance.now();
  await Promise.all(Array.from({ length: 40 }, (_, n) => sender.publishAsync('t', String(n), { qos: 1 })));
  await all;
  expect(arrived).toEqual(Array.from({ length: 40 }, (_, n) => n));
  // Ten at once and thirty at a hundred a second; a busy machine can only be slower.
  expect(performance.now() - began).toBeGreaterThan(250);
});

const hasMosquittoPub = spawnSync('mosquitto_pub', ['--help']).error === undefined;

describe.runIf(hasMosquittoPub)('mosquitto_pub', () => {
  /** Publishes one message, and says what mosquitto_pub said. */
  async function publish(port: number, ...words: string[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'carillon-guard-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const cafile = join(folder, 'authority.pem');
    await writeFile(cafile, authority.cert);
    const where = ['-h', 'localhost', '-p', `${port}`, '--cafile', cafile, '-V', 'mqttv5'];
    const child = spawn('mosquitto_pub', [...where, '-t', 't', '-m', 'x', '-q', '1', ...words]);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    await once(child, 'close');
    return said.trim();
  }

  test('is turned away while its client id is banned, and let in when the ban is lifted', async () => {
    const { guard, port } = await serve();
    const ban = await guard.ban({ clientId: 'pump7' });
    expect(await publish(port, '-i', 'pump7')).toContain('Banned');
    expect(await publish(port, '-i', 'pump8')).toBe('');
    await guard.lift(ban.id);
    expect(await publish(port, '-i', 'pump7')).toBe('');
  });

  test('has to wait after wrong passwords', async () => {
    const passwords: Plugin = {
      name: 'passwords',
      hooks: {
        authenticate: ({ password }) =>
          new TextDecoder().decode(password) === 'right' ? { allow: true } : deny(0x86),
      },
    };
    const { port } = await serve({ backOff: { failures: 1, delay: 3600 } }, [passwords]);
    const login = (password: string) => publish(port, '-i', 'pump7', '-u', 'ann', '-P', password);
    expect(await login('right')).toBe('');
    for (let i = 0; i < 2; i++) expect(await login('wrong')).toMatch(/bad user ?name or password/i);
    expect(await login('right')).not.toBe('');
  });
});
