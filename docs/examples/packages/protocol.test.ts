import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { PacketClient } from '@carillon/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { serve } from './protocol.ts';

test('the README of @carillon/protocol answers PINGREQ, and hangs up on what is no packet', async () => {
  const complain = vi.spyOn(console, 'error').mockImplementation(() => {});
  const server = createServer(serve);
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');

  const socket = new Socket();
  socket.connect(address.port, '127.0.0.1');
  const client = PacketClient.overStream(socket);
  client.send({ type: 'connect', clientId: 'x', cleanStart: true });
  await client.ping();
  client.sendBytes('f1 00'); // AUTH with a flag that is reserved
  await client.expectClosed();
  expect(complain).toHaveBeenCalledOnce();
});
