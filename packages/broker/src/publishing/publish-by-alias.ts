import {
  behindVariableByteInteger,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '@carillon/protocol';
import { copyBytes, type OutputSlab, viewOf } from '../connection/output-slab.ts';
import type { PublishFrame } from './publish-frame.ts';

/** What a PUBLISH of MQTT 5.0 has behind its packet identifier. A packet that came in is one. */
export interface PublishBody {
  readonly source: Uint8Array;
  /** Behind the Property Length. */
  readonly propertiesStart: number;
  readonly propertiesEnd: number;
  /** Where the value of a Topic Alias stands among them; -1 without one. */
  readonly topicAliasAt: number;
  /** Where the payload ends, with what lies in `rest` counted on. */
  readonly frameEnd: number;
  /** What of the payload is not in `source`; then `source` ends where the first piece of it begins. */
  readonly rest: readonly Uint8Array[];
}

/** A packet, but for the part of its payload that is not copied. */
export interface AliasedPublish {
  readonly start: number;
  readonly end: number;
  /** What follows in `source` of the body, before its `rest`: nothing when both are the same. */
  readonly payloadStart: number;
  readonly payloadEnd: number;
  /** Of the whole packet. */
  readonly length: number;
}

/** From here on a payload is not copied behind its head. */
const longPayload = 2 * 1024;

const aliasPropertySize = 3;

/** The body of an encoded frame. */
export function bodyOf({ bytes, start, end, packetIdAt, payload, length }: PublishFrame): PublishBody {
  let at = behindVariableByteInteger(bytes, start + 1);
  at += 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) + (packetIdAt === -1 ? 0 : 2);
  const propertiesStart = behindVariableByteInteger(bytes, at);
  let propertyBytes = 0;
  for (let shift = 0; at < propertiesStart; at++, shift += 7) {
    propertyBytes |= ((bytes[at] ?? 0) & 0x7f) << shift;
  }
  const propertiesEnd = propertiesStart + propertyBytes;
  return {
    source: payload.length === 0 ? bytes : viewOf(bytes, 0, end),
    propertiesStart,
    propertiesEnd,
    topicAliasAt: -1,
    frameEnd: start + length,
    rest: payload,
  };
}

/**
 * Writes a PUBLISH whose topic the client knows by an alias into the slab. Properties and payload are copied as they
 * lie, and nothing is decoded or encoded for them. Undefined, and nothing written, when it is longer than `most`.
 *
 * @param packetId 0 at QoS 0.
 */
export function writeByAlias(
  body: PublishBody,
  slab: OutputSlab,
  firstByte: number,
  packetId: number,
  alias: number,
  most: number,
): AliasedPublish | undefined {
  const { source, propertiesStart, propertiesEnd, topicAliasAt, frameEnd } = body;
  const hasAlias = topicAliasAt !== -1;
  const propertyBytes = propertiesEnd - propertiesStart + (hasAlias ? 0 : aliasPropertySize);
  const payloadBytes = frameEnd - propertiesEnd;
  const variableHeader =
    2 + (packetId === 0 ? 0 : 2) + variableByteIntegerLength(propertyBytes) + propertyBytes;
  const remaining = variableHeader + payloadBytes;
  const length = 1 + variableByteIntegerLength(remaining) + remaining;
  if (length > most) return undefined;

  const payloadEnd = Math.min(frameEnd, source.length);
  const copiedEnd = payloadBytes < longPayload ? payloadEnd : propertiesEnd;
  const start = slab.reserve(length - payloadBytes + copiedEnd - propertiesEnd);
  const { bytes } = slab;
  bytes[start] = firstByte;
  let at = writeVariableByteInteger(remaining, bytes, start + 1);
  // An empty topic.
  bytes[at++] = 0;
  bytes[at++] = 0;
  if (packetId !== 0) at = putTwoBytes(bytes, at, packetId);
  at = writeVariableByteInteger(propertyBytes, bytes, at);
  if (!hasAlias) {
    bytes[at++] = 0x23;
    at = putTwoBytes(bytes, at, alias);
  }
  copyBytes(source, propertiesStart, copiedEnd, bytes, at);
  if (hasAlias) putTwoBytes(bytes, at + topicAliasAt - propertiesStart, alias);
  return {
    start,
    end: at + copiedEnd - propertiesStart,
    payloadStart: copiedEnd,
    payloadEnd,
    length,
  };
}

function putTwoBytes(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
  return at + 2;
}
