import type { Packet } from '@carillon/protocol';

/** Longer texts and bytes are cut here: a message for people, not a dump. */
const LONGEST_SHOWN = 60;

/**
 * A packet in one line, for people. What is 0, false or empty is left out.
 *
 * @example
 * ```ts
 * describePacket(packet); // PUBLISH topic "a/b", payload "21.5", qos 1, packetId 7
 * ```
 */
export function describePacket(packet: Packet): string {
  const { type, ...fields } = packet;
  return `${type.toUpperCase()} ${describeFields(fields).join(', ')}`.trimEnd();
}

function describeFields(fields: object): string[] {
  return Object.entries(fields).flatMap(([name, value]) => describeField(name, value));
}

function describeField(name: string, value: unknown): string[] {
  if (name === 'reasonCode') return [`reason code ${hexadecimal(value)}`];
  if (name === 'reasonCodes' && Array.isArray(value))
    return [`reason codes ${value.map(hexadecimal).join(' ')}`];
  if (value === true) return [name];
  if (value === undefined || value === false || value === 0 || isEmpty(value)) return [];
  return [`${name} ${describeValue(value)}`];
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.keys(value).length === 0;
}

function describeValue(value: unknown): string {
  if (value instanceof Uint8Array) return describeBytes(value);
  if (Array.isArray(value)) return `[${value.map(describeValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{${describeFields(value).join(', ')}}`;
  return typeof value === 'string' ? shortened(JSON.stringify(value)) : String(value);
}

/** As text where it is text, as hexadecimal digits where it is not. */
function describeBytes(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return shortened(JSON.stringify(text));
  } catch {
    return shortened(`0x${Buffer.from(bytes).toString('hex')}`);
  }
}

function shortened(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}… (${text.length} characters)`;
}

function hexadecimal(reasonCode: unknown): string {
  return `0x${Number(reasonCode).toString(16).toUpperCase().padStart(2, '0')}`;
}
