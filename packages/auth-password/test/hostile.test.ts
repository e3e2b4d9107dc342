import { hashPassword, passwordAuth, setPassword } from '@carillon/auth-password';
import type { RefusedEvent } from '@carillon/hooks';
import { PacketClient, recordingLogger } from '@carillon/testkit';
import { type CarillonBroker, createBroker } from 'carillon';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeFile, removeFile } from './places.ts';

const cost = { N: 1024, r: 8, p: 1 };
const logger = recordingLogger();
const refusals: RefusedEvent[] = [];
let broker: CarillonBroker;
let port: number;
const file = makeFile('');

beforeAll(async () => {
  await setPassword(file, 'alice', 'tick-tock', { cost });
  // So that 64 KiB reach the plugin: by default the broker refuses them before.
  broker = createBroker({ logger, limits: { maximumConnectBytes: 200_000 } });
  broker.use(passwordAuth({ file, cost }));
  broker.use({ name: 'witness', hooks: { refused: (event) => void refusals.push(event) } });
  port = (await broker.listen({ port: 0, host: '127.0.0.1' })).address.port;
});

afterAll(async () => {
  await broker.close({ within: 0 });
  removeFile(file);
});

async function come(): Promise<PacketClient> {
  const client = await PacketClient.overSocket({ host: '127.0.0.1', port });
  onTestFinished(() => client.drop());
  refusals.length = 0;
  return client;
}

describe('whatever is said, it ends in a refusal that is told, and nobody is let in', () => {
  const right = 'tick-tock';
  test.each<[string, string, string | Uint8Array]>([
    ['an empty user name', '', right],
    ['a user name of 64 KiB', 'x'.repeat(65_535), right],
    ['a name that only begins like that of a user', 'alice ', right],
    ['a name that ends in a colon', 'alice:', right],
    ['a name with a line feed', 'x\nalice', right],
    ['a name that is a line of the file', 'alice:$scrypt$ln=10,r=8,p=1$AAAA$AAAA', right],
    ['a comment', '#', right],
    ['what every object has', '__proto__', right],
    ['what every object has, too', 'constructor', right],
    ['a name in other letters', 'ALICE', right],
    ['a name in wide letters', '\uff41lice', right],
    ['an empty password', 'alice', ''],
    ['a password of 64 KiB', 'alice', 'x'.repeat(65_535)],
    ['a password of NUL', 'alice', '\0'],
    ['the password, and NUL', 'alice', `${right}\0`],
    ['the password, cut by NUL', 'alice', `${right}\0x`],
    ['a password that is no UTF-8', 'alice', Uint8Array.of(0xff, 0xfe, 0x80)],
    ['a password that begins right', 'alice', right.slice(0, -1)],
  ])('%s', async (_what, username, password) => {
    const client = await come();
    const connack = await client.connectPacket({ username, password });
    expect(connack.reasonCode).toBe(0x86);
    await client.expectClosed();
    expect(refusals).toMatchObject([{ what: 'connect', reasonCode: 0x86, by: 'auth-password' }]);
  });

  test('a user name that is no UTF-8', async () => {
    const client = await come();
    const name = [0x00, 0x02, 0xff, 0xfe];
    const body = [0, 4, ...Buffer.from('MQTT'), 5, 0xc2, 0, 60, 0, 0, 1, 0x61, ...name, 0, 1, 0x78];
    client.sendBytes([0x10, body.length, ...body]);
    expect(await client.receive()).toMatchObject({ type: 'connack', reasonCode: 0x81 });
    await client.expectClosed();
    expect(refusals).toMatchObject([{ reasonCode: 0x81 }]);
  });
});

test('after all of it the right password is right', async () => {
  const client = await come();
  expect(await client.connectPacket({ username: 'alice', password: 'tick-tock' })).toMatchObject({
    reasonCode: 0,
  });
  expect(broker.client(broker.clients().next().value?.id ?? '')?.identity).toBe('alice');
  await client.disconnect();
});

test('more logins than may wait are told that the server is busy, and the others get their answer', async () => {
  const users = { alice: await hashPassword('tick-tock', { N: 16_384, r: 8, p: 1 }) };
  await using busy = createBroker({ logger });
  busy.use(passwordAuth({ users, maximumParallel: 1, maximumWaiting: 2 }));
  const address = (await busy.listen({ port: 0, host: '127.0.0.1' })).address;
  const codes = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const client = await PacketClient.overSocket({ host: '127.0.0.1', port: address.port });
      onTestFinished(() => client.drop());
      return (await client.connectPacket({ username: 'alice', password: 'tick-tock' })).reasonCode;
    }),
  );
  expect(new Set(codes)).toEqual(new Set([0x00, 0x89]));
  expect(codes.filter((code) => code === 0x00).length).toBeGreaterThanOrEqual(3);
});

test('a store of the host that fails, or answers what is no hash, lets nobody in and shows nothing', async () => {
  await using failing = createBroker({ logger });
  failing.use(
    passwordAuth({
      find: (user) => {
        if (user === 'trouble') throw new Error('the database is away');
        return 'tick-tock';
      },
    }),
  );
  const address = (await failing.listen({ port: 0, host: '127.0.0.1' })).address;
  for (const username of ['trouble', 'alice']) {
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port: address.port });
    onTestFinished(() => client.drop());
    expect((await client.connectPacket({ username, password: 'tick-tock' })).reasonCode).toBe(0x87);
  }
});

test('no password and no hash has reached the log', () => {
  const said = logger.records.map(({ details, message }) => `${message} ${shownFully(details)}`).join('\n');
  expect(logger.records.length).toBeGreaterThan(10);
  expect(said).not.toContain('tick-tock');
  expect(said).not.toMatch(/\$scrypt\$ln=/);
});

/** Errors, their stacks and causes included. */
function shownFully(details: object): string {
  return JSON.stringify(details, (_key, value: unknown) =>
    value instanceof Error ? { message: value.message, stack: value.stack, cause: value.cause } : value,
  );
}
