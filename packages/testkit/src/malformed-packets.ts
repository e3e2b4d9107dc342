import { encode, type ProtocolVersion } from '@carillon/protocol';
import { randomPacket } from './random-packet.ts';
import { type Seed, type SeededRandom, seededRandom } from './seeded-random.ts';

/** Bytes that a hostile or broken client might send. */
export interface MalformedPacket {
  readonly bytes: Uint8Array;
  /** What was done to what, for the message of a test: `PUBLISH, bits flipped`. */
  readonly what: string;
}

/**
 * Bytes made from valid packets of a client by doing them harm, without end and the same for the same seed.
 * Nearly all of them are malformed; now and then harm leaves a packet that is valid, and another one. Whoever
 * reads them must survive each, and may close the connection at any.
 *
 * @example
 * ```ts
 * const packets = malformedPackets('night 12');
 * for (let count = 0; count < 1000; count++) {
 *   const { bytes, what } = packets.next().value;
 *   …
 * }
 * ```
 *
 * @param version Of the packets that are harmed. Default: all three by turns.
 */
export function* malformedPackets(seed: Seed, version?: ProtocolVersion): Generator<MalformedPacket, never> {
  const random = seededRandom(seed);
  const valid = () => {
    const ofVersion = version ?? random.pick<ProtocolVersion>([3, 4, 5]);
    const packet = randomPacket(random, ofVersion);
    return { name: packet.type.toUpperCase(), bytes: encode(packet, ofVersion) };
  };
  for (;;) {
    const { name, bytes } = valid();
    const [harm, inflict] = random.pick(harms);
    const harmed = inflict(bytes, random, () => valid().bytes);
    if (!isSame(harmed, bytes)) yield { bytes: harmed, what: `${name}, ${harm}` };
  }
}

type Harm = (bytes: Uint8Array, random: SeededRandom, another: () => Uint8Array) => Uint8Array;

const harms: readonly (readonly [what: string, harm: Harm])[] = [
  ['bits flipped', flipBits],
  ['cut off, with its length as it was', (bytes, random) => bytes.slice(0, random.integer(bytes.length))],
  ['cut off, with its length made right', cutBody],
  [
    'with bytes too many',
    (bytes, random) => framed(bytes, joined(bodyOf(bytes), random.bytes(1 + random.integer(20)))),
  ],
  ['with a length that lies', lieAboutLength],
  ['with other flags', (bytes, random) => withFirstByte(bytes, (first) => first ^ (1 + random.integer(15)))],
  [
    'with another type',
    (bytes, random) => withFirstByte(bytes, (first) => first ^ ((1 + random.integer(15)) << 4)),
  ],
  ['grown together with another packet', splice],
  ['with a huge length inside', (bytes, random) => overwriteBody(bytes, random, [0xff, 0xff])],
  ['with bytes that are no UTF-8', (bytes, random) => overwriteBody(bytes, random, random.pick(notUtf8))],
  ['with zeros inside', (bytes, random) => overwriteBody(bytes, random, [0, 0])],
  ['replaced by noise', (_, random) => random.bytes(1 + random.integer(100))],
];

/** An overlong form, a surrogate, a byte that never occurs, a sequence that ends early. */
const notUtf8 = [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff], [0xe2, 0x82]];

/** Remaining lengths: nothing, too much, the most there is, padded with zeros, five bytes long. */
const lyingLengths = [
  [0],
  [0x7f],
  [0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0x01],
];

function flipBits(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const flipped = bytes.slice();
  for (let count = 1 + random.integer(4); count > 0; count--) {
    const at = random.integer(flipped.length);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random.integer(8));
  }
  return flipped;
}

function cutBody(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const body = bodyOf(bytes);
  return framed(bytes, body.subarray(0, random.integer(body.length)));
}

function lieAboutLength(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const body = bodyOf(bytes);
  const nearby = lengthBytes(Math.max(0, body.length - 3 + random.integer(7)));
  const length = random.chance(0.5) ? nearby : random.pick(lyingLengths);
  return joined(bytes.subarray(0, 1), Uint8Array.from(length), body);
}

function splice(bytes: Uint8Array, random: SeededRandom, another: () => Uint8Array): Uint8Array {
  const tail = bodyOf(another());
  const head = bodyOf(bytes).subarray(0, random.integer(bytes.length));
  return framed(bytes, joined(head, tail.subarray(random.integer(tail.length + 1))));
}

function overwriteBody(bytes: Uint8Array, random: SeededRandom, by: readonly number[]): Uint8Array {
  const body = bodyOf(bytes).slice();
  const at = random.integer(Math.max(1, body.length - by.length + 1));
  for (const [index, byte] of by.entries()) if (at + index < body.length) body[at + index] = byte;
  return framed(bytes, body);
}

function withFirstByte(bytes: Uint8Array, change: (first: number) => number): Uint8Array {
  return bytes.map((byte, index) => (index === 0 ? change(byte) : byte));
}

/** Another body behind the first byte of a packet, with the length that is true. */
function framed(packet: Uint8Array, body: Uint8Array): Uint8Array {
  return joined(packet.subarray(0, 1), Uint8Array.from(lengthBytes(body.length)), body);
}

/** What follows the fixed header: one byte of type and flags, then the length. */
function bodyOf(packet: Uint8Array): Uint8Array {
  const lastOfLength = packet.findIndex((byte, index) => index > 0 && byte < 0x80);
  return packet.subarray(lastOfLength + 1);
}

function lengthBytes(length: number): number[] {
  return length < 0x80 ? [length] : [(length % 0x80) + 0x80, ...lengthBytes(Math.floor(length / 0x80))];
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
