import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { duplexPair } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, test } from 'vitest';

const host = '127.0.0.1';

test('clients are told that the server shuts down, and then nobody can connect', async () => {
  const broker = createBroker();
  const { address } = await broker.listen({ port: 0, host });
  const client = await PacketClient.overSocket({ host, port: address.port });
  await client.connectPacket();
  const closing = broker.close();
  await client.expectDisconnect(0x8b);
  await closing;
  const refused = connect(address.port, host);
  await expect(once(refused, 'connect')).rejects.toThrow('ECONNREFUSED');
});

test('clients can be sent to another server', async () => {
  const broker = createBroker();
  const { address } = await broker.listen({ port: 0, host });
  const client = await PacketClient.overSocket({ host, port: address.port });
  await client.connectPacket();
  const closing = broker.close({ serverReference: 'mqtt.example:1883' });
  const disconnect = await client.expect('disconnect', { reasonCode: 0x9c });
  expect(disconnect.properties.serverReference).toBe('mqtt.example:1883');
  await client.end();
  await closing;
});

test('a client that takes nothing is cut off in the end', async () => {
  const broker = createBroker();
  const [near, far] = duplexPair();
  broker.handle(far);
  const client = PacketClient.overStream(near);
  await client.connectPacket();
  client.stopReading();
  await broker.close({ within: 20 });
  expect(far.destroyed).toBe(true);
});

test('closing twice is closing once', async () => {
  const broker = createBroker();
  expect(broker.close()).toBe(broker.close());
  await broker.close();
});

test('a block that says `await using` closes its broker', async () => {
  const closed: string[] = [];
  {
    await using broker = createBroker();
    broker.use({ name: 'witness', close: () => void closed.push('witness') });
  }
  expect(closed).toEqual(['witness']);
});

test('a closed broker says so to whoever wants to use it', async () => {
  const broker = createBroker();
  await broker.close();
  const code = 'BROKER_CLOSED';
  await expect(broker.listen({ port: 0, host })).rejects.toMatchObject({ code });
  await expect(broker.publish('a', 'b')).rejects.toMatchObject({ code });
  expect(() => broker.attach(createServer())).toThrow(expect.objectContaining({ code }));
});

test('a listener that is being opened while the broker closes does not stay open', async () => {
  const broker = createBroker();
  const opening = broker.listen({ port: 0, host });
  const outcome = expect(opening).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
  await broker.close();
  await outcome;
});

test('a broker without listeners does not keep the process alive, but its closing does', async () => {
  const carillon = fileURLToPath(new URL('../dist/index.js', import.meta.url));
  expect(existsSync(carillon), 'this test runs the build: pnpm build makes it').toBe(true);
  const script = `
    import { duplexPair } from 'node:stream';
    import { createBroker } from ${JSON.stringify(carillon)};
    const broker = createBroker();
    broker.subscribe('#', () => {});
    await broker.publish('a', 'b');
    const closing = createBroker();
    closing.handle(duplexPair()[1]);
    await closing.close({ within: 20 });
    console.log('closed');
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(stdout).toBe('closed\n');
});
