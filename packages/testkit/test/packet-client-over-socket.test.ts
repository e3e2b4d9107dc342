import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { ByteChannel } from '@carillon/hooks';
import { PacketClient } from '@carillon/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { streamChannel } from '../src/stream-channel.ts';
import { TinyBroker } from './tiny-broker.ts';

describe('a packet client over a socket', () => {
  let broker: TinyBroker;
  let server: Server;
  let port: number;

  beforeEach(async () => {
    broker = new TinyBroker();
    server = createServer((socket) => {
      const channel: ByteChannel = streamChannel(socket);
      broker.handle(channel, {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });

  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  it('speaks as it does in a laboratory', async () => {
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port });
    await client.connectPacket();
    await client.subscribe('t');
    await client.publish('t', 'hello', { qos: 2 });
    expect((await client.receiveMessage()).text).toBe('hello');
    await client.expectNothing();
    await client.disconnect();
    await client.expectClosed();
  });

  it('fails when the time is over', async () => {
    broker.silentOn.add('pingreq');
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port }, { timeout: 20 });
    await client.connectPacket();
    await expect(client.ping()).rejects.toThrow('expected PINGRESP, but nothing came');
    await client.drop();
    expect(client.closed).toBe(true);
  });

  it('drops its connection by a reset, and cannot vanish', async () => {
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port });
    await client.connectPacket();
    expect(() => client.vanish()).toThrow(TypeError);
    const [error] = await Promise.all([broker.nextClose(), client.drop()]);
    expect(error?.message).toContain('ECONNRESET');
  });

  it('does not wait for a connection that is over', async () => {
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port }, { timeout: 60_000 });
    await client.connectPacket();
    const answer = expect(client.receive()).rejects.toThrow('nothing came, and the connection is closed');
    broker.closeAll();
    await answer;
  });

  it('rejects where nobody listens', async () => {
    const socketPath = '/nonexistent/carillon.sock';
    await expect(PacketClient.overSocket({ path: socketPath })).rejects.toThrow('ENOENT');
  });
});
