import type { PubackPacket } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';

/** The client has a QoS 1 message, or refuses it: either way it is settled. [MQTT-4.4.0-2] */
export function handlePuback(connection: Connection, packet: PubackPacket): void {
  const { session, engine } = connection;
  const outbox = session?.usedOutbox;
  if (session === undefined || outbox === undefined) return;
  outbox.puback(packet.packetId, packet.reasonCode);
  // What is stored is changed message by message, and no faster than the store takes it.
  if (session.isStored || engine.hooks.slots.acknowledged !== null || !connection.isReady) return;
  const followers = connection.takePubacks();
  if (followers.length > 0) outbox.pubacks(followers);
}
