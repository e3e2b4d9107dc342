import { ReasonCode, type UnsubscribePacket } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import { endSubscription } from '../session/end-subscription.ts';

/** Removes subscriptions by their exact text. [MQTT-3.10.4-1] */
export function handleUnsubscribe(connection: Connection, packet: UnsubscribePacket): void {
  const { session, engine } = connection;
  if (session === undefined) return;
  const reasonCodes = packet.filters.map((filter) =>
    endSubscription(engine, session, filter, 'asked') ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted,
  );
  const send = (): void =>
    connection.send({ type: 'unsuback', packetId: packet.packetId, reasonCodes, properties: {} });
  if (engine.turn.hasOperations) engine.turn.hold({ stored: send, failed: send });
  else send();
}
