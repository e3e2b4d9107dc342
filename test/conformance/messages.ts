import type { Packet, PublishPacket } from '@carillon/protocol';

/** The payload of a message, as text. */
export function textOf({ payload }: PublishPacket): string {
  return new TextDecoder().decode(payload);
}

/** Those of the packets that are messages. */
export function messagesIn(packets: readonly Packet[]): PublishPacket[] {
  return packets.filter((packet) => packet.type === 'publish');
}

/** What the messages among the packets say, in order. */
export function textsIn(packets: readonly Packet[]): string[] {
  return messagesIn(packets).map(textOf);
}

/** `'a 1'`, `'a 2'`, … */
export function numbered(name: string, count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${first + index}`);
}
