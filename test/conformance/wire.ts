import type { ByteChannel } from '@carillon/hooks';
import { channelPair } from '@carillon/testkit';
import type { BrokerWorld } from './broker.ts';

/** Bytes of a packet that is put together by hand: what no encoder would write. */
export type Bytes = readonly number[];

/** A packet of these parts, its Remaining Length counted. */
export function packetOf(firstByte: number, ...parts: readonly Bytes[]): Bytes {
  const body = parts.flat();
  return [firstByte, ...variableByteInteger(body.length), ...body];
}

/** A number in the shortest form of a Variable Byte Integer. */
export function variableByteInteger(value: number): Bytes {
  return value < 128 ? [value] : [(value % 128) + 128, ...variableByteInteger(Math.floor(value / 128))];
}

export function twoBytes(value: number): Bytes {
  return [value >> 8, value & 0xff];
}

/** A string or binary field: two bytes of length, then a text as UTF-8, or bytes as they are. */
export function field(content: string | Bytes): Bytes {
  const bytes = typeof content === 'string' ? [...new TextEncoder().encode(content)] : content;
  return [...twoBytes(bytes.length), ...bytes];
}

/** Properties, with their Property Length before them. */
export function properties(...parts: readonly Bytes[]): Bytes {
  const bytes = parts.flat();
  return [...variableByteInteger(bytes.length), ...bytes];
}

/** A CONNECT that may be wrong in any of its parts. */
export interface RawConnect {
  /** Default: `MQTT`. */
  protocolName?: string;
  /** Default: 5. */
  level?: number;
  /** Default: 0x02, Clean Start alone. */
  flags?: number;
  /** Seconds. Default: 0. */
  keepAlive?: number;
  /** With their length. Default: none, which level 5 says with a length of 0. */
  properties?: Bytes;
  /** Default: a ClientID, `raw`. */
  payload?: readonly Bytes[];
}

/** The bytes of a CONNECT. */
export function connectBytes(draft: RawConnect = {}): Bytes {
  const { protocolName = 'MQTT', level = 5, flags = 0x02, keepAlive = 0, payload = [field('raw')] } = draft;
  const propertyBytes = draft.properties ?? (level >= 5 ? [0] : []);
  return packetOf(0x10, field(protocolName), [level, flags], twoBytes(keepAlive), propertyBytes, ...payload);
}

/** A connection on which a test sees the very bytes that the server sends. */
export class RawClient {
  readonly #world: BrokerWorld;
  readonly #channel: ByteChannel;
  #received: number[] = [];
  #closed = false;

  constructor(world: BrokerWorld) {
    const [client, server] = channelPair(world.laboratory);
    this.#world = world;
    this.#channel = client;
    world.broker.handle(server, { transport: 'stream', encrypted: false });
    client.open({
      received: (chunk) => this.#received.push(...chunk),
      drained: () => {},
      closed: () => {
        this.#closed = true;
      },
    });
  }

  /** Sends bytes and gives what came since the last time, in hexadecimal digits: `d0 00`. */
  async say(bytes: Bytes): Promise<string> {
    this.#channel.write([Uint8Array.from(bytes)]);
    return this.hear();
  }

  /** What came since the last time, in hexadecimal digits. */
  async hear(): Promise<string> {
    await this.#world.laboratory.settle();
    const bytes = this.#received;
    this.#received = [];
    return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  }

  /** True once the server has closed the connection. */
  get closed(): boolean {
    return this.#closed;
  }
}
