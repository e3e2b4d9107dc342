import type { Will } from '@carillon/protocol';
import type { ConnectedClient } from '../connection/connected-client.ts';
import type { Connection } from '../connection/connection.ts';
import { mountProperties } from '../connection/mount-point.ts';
import { createMessage } from '../publishing/broker-message.ts';
import type { Permissions } from '../publishing/permissions.ts';
import type { Publisher } from '../publishing/publishing.ts';
import type { PendingWill } from '../session/pending-will.ts';

/**
 * The Will as it is kept; undefined when it is none that its client may publish. It is asked about
 * now, while everything about the client is known, and again when it is due. What is not allowed now is not
 * kept: no restart and no later rule sends it. The client may connect all the same.
 */
export async function admitWill(
  connection: Connection,
  will: Will,
  client: ConnectedClient,
  publisher: Publisher,
): Promise<PendingWill | undefined> {
  const { engine } = connection;
  const pending = pendingWill(will, client, publisher.permissions);
  const message = createMessage(pending.message, engine.now());
  const refused = await engine.publishing.judge(message, publisher);
  if (refused === undefined) return pending;
  const { reasonCode, forHost, by } = refused;
  connection.tellRefused('publish', reasonCode, `the Will is not kept: ${forHost}`, by, message.topic);
  return undefined;
}

function pendingWill(will: Will, client: ConnectedClient, permissions: Permissions | undefined): PendingWill {
  const { willDelayInterval, ...properties } = will.properties;
  const { mountPoint, id } = client;
  return {
    message: {
      topic: mountPoint + will.topic,
      // A view of the chunk that CONNECT came in, and this is kept for long.
      payload: will.payload.slice(),
      qos: will.qos,
      retain: will.retain,
      properties: mountProperties(properties, mountPoint),
      origin: 'will',
      publisherId: id,
    },
    delayInterval: willDelayInterval ?? 0,
    dueAt: undefined,
    client,
    owner: client,
    permissions,
  };
}
