import type { EngineOptions } from '@carillon/broker';
import { type BrokerWorld, world } from '../broker.ts';
import { type Bytes, connectBytes, type RawConnect } from '../wire.ts';

/** A world whose clients speak MQTT 3.1.1 where they do not say otherwise. */
export function world311(options: EngineOptions = {}): BrokerWorld {
  return world(options, { protocolVersion: 4 });
}

/** The bytes of a CONNECT of MQTT 3.1.1, which may be wrong in any of its parts. */
export function connect311(draft: RawConnect = {}): Bytes {
  return connectBytes({ level: 4, ...draft });
}

/** As first words of a connection, these bytes are met by a close and nothing else. */
export async function expectTurnedAway(bytes: Bytes, place: BrokerWorld = world311()): Promise<void> {
  const client = place.newcomer();
  client.sendBytes(bytes);
  await client.expectClosed();
}

/** From a connected client, these bytes are met by a close and nothing else. */
export async function expectClosedUpon(
  bytes: Bytes | string,
  place: BrokerWorld = world311(),
): Promise<void> {
  const client = await place.connect();
  client.sendBytes(bytes);
  await client.expectClosed();
}
