import { bufferOf, type StoredPacket } from './aedes-packet.ts';
import { isOurBroker } from './broker-ids.ts';
import { ObjectFields } from './object-fields.ts';

/**
 * Where a packet's metadata travels. Backends copy packets field by field and drop what they do not know:
 *
 * - `nl`: in that field, which the copies of all known backends keep with whatever is in it; the payload stays
 *   as it was published, so that Aedes can read the queue.
 * - `payload`: in front of the payload, for backends that keep no such field.
 */
export type Carrier = 'nl' | 'payload';

/** Stands before metadata in `nl`: no backend and no Aedes writes such a text there. */
const mark = 'carillon:1:';

/** Stands before metadata in a payload, followed by its length in four bytes. */
const magic = Buffer.from([0x00, 0xff, 0x43, 0x52, 0x4c, 0x4e, 0x01, 0xfe]);
const headerLength = magic.length + 4;

export interface Carried {
  readonly payload: Buffer;
  readonly nl?: string;
}

/** The fields of a packet that bear payload and metadata. */
export function carry(payload: Uint8Array, metadata: object, carrier: Carrier): Carried {
  const text = JSON.stringify(metadata);
  if (carrier === 'nl') return { payload: bufferOf(payload), nl: mark + text };
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return { payload: Buffer.concat([magic, length, bytes, payload]) };
}

/** The metadata of a packet and its payload without them; undefined when the packet is not ours. */
export function uncarry(packet: StoredPacket): { metadata: ObjectFields; payload: Uint8Array } | undefined {
  const { nl, payload } = packet;
  if (typeof nl === 'string' && nl.startsWith(mark)) {
    return { metadata: ObjectFields.parse(nl.slice(mark.length)), payload };
  }
  // The bytes alone prove nothing: a publisher may send them too.
  if (!isOurBroker(packet.brokerId)) return undefined;
  const buffer = bufferOf(payload);
  if (buffer.length < headerLength || !buffer.subarray(0, magic.length).equals(magic)) return undefined;
  const end = headerLength + buffer.readUInt32BE(magic.length);
  const metadata = ObjectFields.parse(buffer.toString('utf8', headerLength, end));
  return { metadata, payload: new Uint8Array(buffer.subarray(end)) };
}
