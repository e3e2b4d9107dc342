import type { ByteChannel, ChannelReceiver } from '@carillon/hooks';
import {
  type ConnectProperties,
  encode,
  type Packet,
  type ProtocolVersion,
  type SubscribeProperties,
} from '@carillon/protocol';
import { EngineBroker, type EngineOptions } from '../src/index.ts';

/** The tasks of a turn, which ends when a benchmark says so. */
let tasks: (() => void)[] = [];

/** An engine without sockets: what is measured is its own work, and nothing of the system's. */
export function engineAlone(options: EngineOptions = {}): EngineBroker {
  return new EngineBroker(
    { systemTopicInterval: 0, limits: { maximumInflight: 1000 }, ...options },
    {
      clock: {
        now: () => Date.now(),
        elapsed: () => performance.now(),
        schedule: () => ({ cancel: () => {} }),
      },
      scheduler: { atEndOfTurn: (task) => void tasks.push(task) },
      random: (target) => void target.fill(7),
    },
  );
}

/** Everything gathered leaves, as at the end of a turn of the event loop. */
export function endTurn(): void {
  while (tasks.length > 0) {
    const due = tasks;
    tasks = [];
    for (const task of due) task();
  }
}

/** The other end of a channel: it says bytes, and keeps what came in this turn. */
export class MemoryClient implements ByteChannel {
  readonly unsentBytes = 0;
  received: Uint8Array[] = [];
  #receiver: ChannelReceiver | undefined;
  #version: ProtocolVersion = 4;

  static async connect(
    broker: EngineBroker,
    clientId: string,
    version: ProtocolVersion = 4,
    properties: ConnectProperties = {},
  ): Promise<MemoryClient> {
    const client = new MemoryClient();
    client.#version = version;
    broker.handle(client, { transport: 'stream', encrypted: false });
    await client.ask({
      type: 'connect',
      protocolVersion: version,
      bridge: false,
      clientId,
      cleanStart: true,
      keepAlive: 0,
      properties,
    });
    return client;
  }

  /** Sends one packet and waits for the answer. */
  async ask(packet: Packet): Promise<void> {
    this.say(encode(packet, this.#version));
    while (this.received.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      endTurn();
    }
    this.received = [];
  }

  async subscribe(filter: string, qos: 0 | 1 | 2 = 0, properties: SubscribeProperties = {}): Promise<void> {
    const wish = { filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    await this.ask({ type: 'subscribe', packetId: 1, subscriptions: [wish], properties });
  }

  say(bytes: Uint8Array): void {
    this.#receiver?.received(bytes);
  }

  open(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
  }

  write(pieces: readonly Uint8Array[]): void {
    this.received.push(...pieces);
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.#receiver?.closed();
  }

  destroy(): void {
    this.#receiver?.closed();
  }
}

/** PUBLISH packets of 64 bytes of payload side by side, as they come in one chunk. */
export function chunkOf(topics: readonly string[], qos: 0 | 1 | 2 = 0): Uint8Array {
  const frames = topics.map((topic, index) => {
    const packetId = qos === 0 ? 0 : index + 1;
    const payload = new Uint8Array(64).fill(65);
    return encode(
      { type: 'publish', topic, payload, qos, retain: false, dup: false, packetId, properties: {} },
      4,
    );
  });
  return joined(frames);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
