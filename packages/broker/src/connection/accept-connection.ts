import type { ByteChannel, InProcessOptions, OnBehalfOptions, Remote } from '@carillon/hooks';
import { ReasonCode } from '@carillon/protocol';
import type { Engine } from '../engine.ts';
import { reasonForHost } from '../hooks/verdict.ts';
import { whenDone } from '../when-done.ts';
import { Connection } from './connection.ts';

/** A channel is open: is there room for it, and may it come? Then it can speak. */
export function acceptConnection(
  engine: Engine,
  channel: ByteChannel,
  remote: Remote,
  onBehalf?: OnBehalfOptions,
): void {
  const limit = engine.connections.limitReached(remote);
  if (limit !== undefined) {
    const most = engine.options.limits[limit];
    tellRefused(
      engine,
      remote,
      ReasonCode.QuotaExceeded,
      `there are ${most} connections already`,
      `limit:${limit}`,
    );
    channel.destroy();
    return;
  }
  const connection = new Connection(engine, channel, remote, { onBehalf });
  engine.connections.add(connection);
  const { authorizeConnection } = engine.hooks.slots;
  if (authorizeConnection === null) {
    open(engine, connection, channel);
    return;
  }
  void whenDone(authorizeConnection({ remote }), (verdict) => {
    if (verdict.allowed && connection.isOpen) {
      open(engine, connection, channel);
      return;
    }
    if (!verdict.allowed) {
      const reason = reasonForHost(verdict, 'not authorized to connect');
      tellRefused(engine, remote, verdict.reasonCode, reason, verdict.by);
    }
    channel.destroy();
    connection.closed();
  });
}

/** A plugin of this process connects: it is trusted, and takes nobody's room. */
export function acceptInProcess(engine: Engine, channel: ByteChannel, options: InProcessOptions): void {
  const remote: Remote = { transport: 'stream', listener: 'in-process', encrypted: false };
  const connection = new Connection(engine, channel, remote, { inProcess: options });
  engine.connections.add(connection);
  open(engine, connection, channel);
}

function open(engine: Engine, connection: Connection, channel: ByteChannel): void {
  engine.counters.connectionsAccepted++;
  channel.open(connection);
}

/** Nothing was read from it yet, so there is no packet to answer: it is closed in silence. */
export function tellRefused(
  engine: Engine,
  remote: Remote,
  reasonCode: number,
  reason: string,
  by: string,
): void {
  engine.counters.connectionsRefused++;
  engine.logger.debug({ remote: remote.address, reason, by }, 'connection refused');
  engine.hooks.slots.refused?.({
    what: 'connection',
    reasonCode,
    reason,
    by,
    clientId: undefined,
    remote,
    topic: undefined,
  });
}
