import { PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { StopSignals } from '../src/stop-signals.ts';
import { CarillonProcess } from './carillon-process.ts';

test.each(['SIGTERM', 'SIGINT'] as const)('%s tells the clients, stops, and exits with 0', async (name) => {
  const broker = new CarillonProcess(['--port', '0', '--memory']);
  const [port = 0] = await broker.ready();
  const client = await PacketClient.overSocket({ host: '127.0.0.1', port });
  await client.connectPacket();
  broker.signal(name);
  await client.expectDisconnect(0x8b);
  expect(await broker.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(broker.messages.at(-1)).toBe('stopped');
});

test('a signal that arrives twice, as Ctrl-C under npm does, still stops in order', async () => {
  const broker = new CarillonProcess(['--port', '0', '--memory']);
  const [port = 0] = await broker.ready();
  const client = await PacketClient.overSocket({ host: '127.0.0.1', port });
  await client.connectPacket();
  broker.signal('SIGINT');
  broker.signal('SIGINT');
  broker.signal('SIGTERM');
  await client.expectDisconnect(0x8b);
  expect(await broker.ended).toMatchObject({ code: 0, signal: null });
});

test('further signals within two seconds are echoes; later ones mean at once', () => {
  let now = 500;
  const signals = new StopSignals(() => now);
  expect(signals.received()).toBe('stop');
  now += 1999;
  expect(signals.received()).toBe('echo');
  now += 1;
  expect(signals.received()).toBe('stop at once');
});
