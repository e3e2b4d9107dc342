import { type DiagnosticProperties, encodedLength, type Packet } from '@carillon/protocol';
import type { ConnectionTerms } from './connection-terms.ts';

/**
 * The packet as the client is able and willing to take it: words for people go first, user properties before
 * the reason string. Undefined when even the bare packet is too large.
 *
 * [MQTT-3.1.2-24] [MQTT-3.1.2-29] [MQTT-3.2.2-19] [MQTT-3.2.2-20] and their like for the other packets.
 */
export function fitPacket(packet: Packet, terms: ConnectionTerms): Packet | undefined {
  if (terms.version !== 5 || !('properties' in packet)) return packet;
  const wordsAllowed =
    terms.wantsProblemInformation || packet.type === 'connack' || packet.type === 'disconnect';
  let fitting: Packet = wordsAllowed ? packet : without(packet, 'userProperties', 'reasonString');
  for (const words of ['userProperties', 'reasonString'] as const) {
    if (fits(fitting, terms)) return fitting;
    fitting = without(fitting, words);
  }
  return fits(fitting, terms) ? fitting : undefined;
}

function fits(packet: Packet, terms: ConnectionTerms): boolean {
  return (
    terms.clientMaximumPacketSize === Number.POSITIVE_INFINITY ||
    encodedLength(packet, terms.version) <= terms.clientMaximumPacketSize
  );
}

function without(packet: Packet, ...words: readonly (keyof DiagnosticProperties)[]): Packet {
  if (!('properties' in packet)) return packet;
  const properties: DiagnosticProperties = { ...packet.properties };
  for (const word of words) delete properties[word];
  return { ...packet, properties };
}
