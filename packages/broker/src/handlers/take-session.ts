import type { ClientLimits, Permissions } from '@carillon/hooks';
import { type ProtocolVersion, ReasonCode } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Engine } from '../engine.ts';
import type { Session } from '../session/session.ts';

/** A client that may connect, and what it gets. */
export interface Admission {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  /** Seconds, as granted. */
  readonly sessionExpiryInterval: number;
  readonly identity: string | undefined;
  readonly groups: readonly string[];
  readonly mountPoint: string;
  readonly permissions: Permissions | undefined;
  readonly limits: ClientLimits;
}

const takenOver = 'another connection uses the client id';

/** The session the client would come back to: Session Present, if nothing changes before it is taken. */
export function findSession(engine: Engine, admission: Admission): Session | undefined {
  const session = engine.sessions.get(admission.clientId);
  if (session === undefined || isReplacedBy(session, admission)) return undefined;
  // The session of a connected client that has no expiry ends with the takeover.
  return session.connection === undefined || session.outlivesConnection ? session : undefined;
}

/**
 * Ends a session that the client does not come back to, where others are to have what the store alone has of its
 * queue: resolves when they have it. Undefined when nothing stands in the way of `takeSession`.
 */
export function vacate(engine: Engine, admission: Admission): Promise<void> | undefined {
  const { sessions } = engine;
  const { clientId } = admission;
  const old = sessions.get(clientId);
  if (old?.hasSharedTail === true && findSession(engine, admission) === undefined) {
    old.connection?.terminate(ReasonCode.SessionTakenOver, takenOver);
    sessions.end(old, 'replaced');
  }
  return sessions.get(clientId) === undefined ? sessions.whenVacant(clientId) : undefined;
}

/**
 * Gives the client its session: created, resumed or replaced, together with all that goes with it, in one
 * batch. An older connection under the client id ends here, and not before. [MQTT-3.1.4-3]
 */
export function takeSession(
  connection: Connection,
  admission: Admission,
): { session: Session; sessionPresent: boolean } {
  const { sessions } = connection.engine;
  const { clientId } = admission;
  sessions.get(clientId)?.connection?.terminate(ReasonCode.SessionTakenOver, takenOver);
  const old = sessions.get(clientId);
  if (old !== undefined && isReplacedBy(old, admission)) sessions.end(old, 'replaced');
  const resumed = sessions.get(clientId);
  const session = resumed ?? create(connection.engine, admission);
  const { identity, groups, mountPoint, permissions, limits } = admission;
  session.owner = { id: clientId, identity, groups, mountPoint, permissions, limits };
  session.rightsChanged();
  session.connection = connection;
  connection.session = session;
  if (resumed !== undefined) resume(resumed, admission, connection.engine);
  return { session, sessionPresent: resumed !== undefined };
}

/** Topics of another mount point are not this client's. */
function isReplacedBy(session: Session, { cleanStart, mountPoint }: Admission): boolean {
  return cleanStart || session.mountPoint !== mountPoint;
}

function create(engine: Engine, admission: Admission): Session {
  const { clientId, protocolVersion, sessionExpiryInterval, identity, groups, mountPoint } = admission;
  const record = {
    clientId,
    protocolVersion,
    sessionExpiryInterval,
    createdAt: engine.now(),
    disconnectedAt: undefined,
    identity,
    groups,
    mountPoint,
  };
  return engine.sessions.create(record, sessionExpiryInterval > 0);
}

function resume(session: Session, admission: Admission, engine: Engine): void {
  session.protocolVersion = admission.protocolVersion;
  session.expiryInterval = admission.sessionExpiryInterval;
  session.disconnectedAt = undefined;
  session.cancelExpiry();
  engine.sessions.recordSession(session);
}
