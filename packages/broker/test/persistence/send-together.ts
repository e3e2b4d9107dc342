import { encode, type PublishPacket } from '@carillon/protocol';
import type { PacketClient } from '@carillon/testkit';

/** Sends messages to `news` in one write, so that they arrive in one turn. */
export function sendTogether(client: PacketClient, drafts: readonly Partial<PublishPacket>[]): void {
  const bytes = drafts.map((draft) =>
    encode(
      {
        type: 'publish',
        topic: 'news',
        payload: Uint8Array.of(1),
        qos: 0,
        retain: false,
        dup: false,
        packetId: 0,
        properties: {},
        ...draft,
      },
      client.protocolVersion,
    ),
  );
  client.sendBytes(Buffer.concat(bytes));
}
