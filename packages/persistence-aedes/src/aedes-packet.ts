import type { QoS } from '@carillon/protocol';
import { brokerId } from './broker-ids.ts';
import { ObjectFields } from './object-fields.ts';

/** A packet as Aedes hands it to a backend. */
export interface AedesPacket {
  readonly cmd: 'publish' | 'pubrel';
  /** With the counter it names the packet within a client's queue. */
  readonly brokerId: string;
  readonly brokerCounter: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly messageId?: number;
  /** No Local in Aedes. Backends keep it whatever it is, so it can carry what they would drop. */
  readonly nl?: string;
  /** As mqtt-packet writes them. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly messageExpiry?: number;
}

/** A packet as it came back, from us or from Aedes. */
export interface StoredPacket {
  readonly cmd: string;
  readonly brokerId: string;
  readonly brokerCounter: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly messageId: number | undefined;
  readonly nl: unknown;
  /** The publisher; or, of a Will, the client that left it. */
  readonly clientId: string | undefined;
  readonly properties: ObjectFields | undefined;
  readonly messageExpiry: number | undefined;
}

/** @throws Error that says what is wrong with the packet. */
export function readPacket(value: unknown): StoredPacket {
  const fields = new ObjectFields(value);
  return {
    cmd: fields.optionalText('cmd') ?? 'publish',
    brokerId: fields.optionalText('brokerId') ?? '',
    // Redis makes text of it.
    brokerCounter: Number(fields.get('brokerCounter') ?? 0),
    topic: fields.optionalText('topic') ?? '',
    payload: bytesOf(fields.get('payload')),
    qos: fields.has('qos') ? fields.oneOf('qos', [0, 1, 2]) : 0,
    retain: fields.flag('retain'),
    messageId: fields.optionalNumber('messageId'),
    nl: fields.get('nl'),
    clientId: fields.optionalText('clientId'),
    properties: fields.has('properties') ? fields.inner('properties') : undefined,
    messageExpiry: fields.optionalNumber('messageExpiry'),
  };
}

/** The packet's name within a queue, as aedes-persistence-level has it in its keys: they sort by broker and counter. */
export function nameOf({ brokerId, brokerCounter }: StoredPacket): string {
  return `${brokerId}:${String(brokerCounter).padStart(16, '0')}`;
}

/** A copy: what a database hands out may share memory with other records. MongoDB wraps bytes in an object. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (value === undefined || value === null) return new Uint8Array();
  const wrapped = new ObjectFields(value).get('buffer');
  if (wrapped instanceof Uint8Array) return new Uint8Array(wrapped);
  throw new Error('the payload is neither bytes nor text');
}

/** The same bytes as Aedes and its serializers want them; nothing is copied. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A packet that is only there to be found, and taken out. */
export const emptyPacket: AedesPacket = {
  cmd: 'publish',
  brokerId,
  brokerCounter: 0,
  topic: '$carillon',
  payload: bufferOf(new Uint8Array()),
  qos: 1,
  retain: false,
  dup: false,
};
