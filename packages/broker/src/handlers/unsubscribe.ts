import { ReasonCode, type UnsubscribePacket } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import { endSubscription, renewSubscription } from '../session/end-subscription.ts';

/** Removes subscriptions by their exact text. [MQTT-3.10.4-1] */
export function handleUnsubscribe(connection: Connection, packet: UnsubscribePacket): void {
  const { session, engine } = connection;
  if (session === undefined) return;
  const ended = packet.filters.map((filter) => endSubscription(engine, session, filter, 'asked'));
  const acknowledge = (reasonCodes: readonly number[]): void =>
    connection.send({ type: 'unsuback', packetId: packet.packetId, reasonCodes, properties: {} });
  const stored = (): void =>
    acknowledge(
      ended.map((one) => (one === undefined ? ReasonCode.NoSubscriptionExisted : ReasonCode.Success)),
    );
  const failed = (): void => {
    for (const one of ended) if (one !== undefined) renewSubscription(engine, session, one);
    // UNSUBACK of MQTT 3 knows no failure. v3:[MQTT-4.8.0-2]
    if (connection.terms.version === 5) acknowledge(ended.map(() => ReasonCode.UnspecifiedError));
    else connection.terminate(ReasonCode.UnspecifiedError, 'the store failed');
  };
  if (engine.turn.hasOperations) engine.turn.hold({ stored, failed });
  else stored();
}
