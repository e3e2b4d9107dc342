import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { levelStore } from '@carillon/persistence-level';
import { encode } from '@carillon/protocol';
import { PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { Level } from 'level';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './places.ts';
import { WrappedLevel } from './wrapped-level.ts';

const publishers = 100;
/** Messages that each has under way. */
const window = 100;
const messagesEach = 400;

/** A LevelDB whose flush lasts until everybody who may publish meanwhile has done so. */
class SlowFlush extends WrappedLevel {
  flushes = 0;
  allHaveSent: () => Promise<void> = () => Promise.resolve();

  override async batch(...[changes, options]: Parameters<WrappedLevel['batch']>): Promise<void> {
    await super.batch(changes, options);
    if (options.sync !== true) return;
    this.flushes++;
    await this.allHaveSent();
  }
}

/** Sends messages at QoS 1 over a socket, a window of them at a time. */
class Publisher {
  sent = 0;
  acknowledged = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect(port: number, clientId: string): Promise<Publisher> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const connection = {
      protocolVersion: 4,
      cleanStart: true,
      keepAlive: 0,
      bridge: false,
      properties: {},
    } as const;
    socket.write(encode({ type: 'connect', clientId, ...connection }, 4));
    await once(socket, 'data');
    return new Publisher(socket);
  }

  /** Resolves when all of them are acknowledged. */
  publishAll(): Promise<void> {
    this.#fillWindow();
    return new Promise((resolve) => {
      this.#socket.on('data', (chunk: Buffer) => {
        // A PUBACK has four bytes; where a chunk ends within one does not matter to the sum.
        this.#bytes += chunk.length;
        this.acknowledged = Math.floor(this.#bytes / 4);
        this.#fillWindow();
        if (this.acknowledged === messagesEach) resolve();
      });
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  #bytes = 0;

  #fillWindow(): void {
    const frames: Uint8Array[] = [];
    while (this.sent < messagesEach && this.sent - this.acknowledged < window) {
      frames.push(publishFrame(++this.sent));
    }
    if (frames.length > 0) this.#socket.write(Buffer.concat(frames));
  }
}

function publishFrame(packetId: number): Uint8Array {
  const flags = { qos: 1, retain: false, dup: false, properties: {} } as const;
  return encode({ type: 'publish', topic: 'readings', payload: Buffer.alloc(64), packetId, ...flags }, 4);
}

test('a hundred publishers share flushes, so that a slow disk does not make many messages slow', {
  timeout: 60_000,
}, async () => {
  const disk = new SlowFlush(new Level(await temporaryFolder(), { valueEncoding: 'view' }));
  const broker = createBroker({
    persistence: levelStore({ database: disk }),
    durability: 'synced',
    systemTopicInterval: 0,
    limits: { maximumQueuedMessages: 1_000_000, maximumQueuedBytes: 1_000_000_000 },
  });
  onTestFinished(() => broker.close());
  const { address } = await broker.listen({ host: '127.0.0.1', port: 0 });
  const { port } = address;
  const away = await PacketClient.overSocket({ host: '127.0.0.1', port });
  await away.connectPacket({
    clientId: 'away',
    cleanStart: false,
    properties: { sessionExpiryInterval: 60 },
  });
  await away.subscribe('readings', { qos: 1 });
  await away.disconnect();

  const clients = await Promise.all(
    Array.from({ length: publishers }, (_, i) => Publisher.connect(port, `publisher-${i}`)),
  );
  onTestFinished(() => {
    for (const client of clients) client.end();
  });
  let taken = 0;
  let wake = (): void => {};
  broker.use({
    name: 'counter',
    hooks: {
      authorizePublish: () => {
        taken++;
        wake();
        return { allow: true };
      },
    },
  });
  const sent = (): number => clients.reduce((sum, client) => sum + client.sent, 0);
  disk.allHaveSent = async () => {
    while (taken < sent()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  disk.flushes = 0;
  await Promise.all(clients.map((client) => client.publishAll()));

  const messages = publishers * messagesEach;
  expect(broker.session('away')).toMatchObject({ queued: messages });
  // With 5 ms for a flush that is 200,000 messages a second and more: the disk does not limit them.
  expect(messages / disk.flushes).toBeGreaterThanOrEqual(1000);
});
