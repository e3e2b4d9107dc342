import type { Client, ClientLimits, ConnectEvent, DisconnectOptions, Remote } from '@carillon/hooks';
import { type ProtocolVersion, ReasonCode, type UserProperty } from '@carillon/protocol';
import type { Admission } from '../handlers/take-session.ts';
import { applyJudgements, judgeSubscriptions } from '../session/judge-subscriptions.ts';
import type { Connection } from './connection.ts';
import { disconnectReason } from './disconnect-reason.ts';

/** A connected client as hooks and the host see it. */
export class ConnectedClient implements Client {
  readonly #connection: Connection;
  readonly #expiryAtConnect: number;
  readonly id: string;
  readonly mountPoint: string;
  readonly connect: ConnectEvent['connect'];
  readonly identity: string | undefined;
  readonly #groupsAtConnect: readonly string[];
  readonly limits: ClientLimits;
  readonly keepAlive: number;
  readonly connectedAt: number;

  constructor(
    connection: Connection,
    admission: Admission,
    facts: { connect: ConnectEvent['connect']; keepAlive: number; connectedAt: number },
  ) {
    this.#connection = connection;
    this.#expiryAtConnect = admission.sessionExpiryInterval;
    this.id = admission.clientId;
    this.mountPoint = admission.mountPoint;
    this.connect = facts.connect;
    this.identity = admission.identity;
    this.#groupsAtConnect = admission.groups;
    this.limits = admission.limits;
    this.keepAlive = facts.keepAlive;
    this.connectedAt = facts.connectedAt;
  }

  get username(): string | undefined {
    return this.connect.username;
  }

  get protocolVersion(): ProtocolVersion {
    return this.connect.protocolVersion;
  }

  get cleanStart(): boolean {
    return this.connect.cleanStart;
  }

  get bridge(): boolean {
    return this.connect.bridge;
  }

  get userProperties(): readonly UserProperty[] {
    return this.connect.properties.userProperties ?? [];
  }

  get authenticationMethod(): string | undefined {
    return this.connect.properties.authenticationMethod;
  }

  get sessionExpiryInterval(): number {
    return this.#connection.session?.expiryInterval ?? this.#expiryAtConnect;
  }

  /** A re-authentication may name others. */
  get groups(): readonly string[] {
    return this.#connection.session?.owner.groups ?? this.#groupsAtConnect;
  }

  get remote(): Remote {
    return this.#connection.remote;
  }

  disconnect(options: DisconnectOptions = {}): void {
    const { reasonCode, reason } = disconnectReason(options);
    this.#connection.terminate(reasonCode, reason, options);
  }

  async invalidate(): Promise<void> {
    const { engine, session, inProcess } = this.#connection;
    if (session === undefined || inProcess !== undefined) return;
    engine.hooks.slots.invalidated?.({ client: this });
    session.rightsChanged();
    const judged = await judgeSubscriptions(engine, session, this, session.permissions);
    if (session.connection !== this.#connection) return;
    applyJudgements(this.#connection, session, judged);
    const failure = judged.find(({ outcome }) => outcome === 'failed');
    if (failure === undefined) return;
    // When it comes back its subscriptions are asked about again, and none of them is lost by then.
    const reason = 'it could not be found out what the client may do';
    this.#connection.terminate(ReasonCode.ImplementationSpecificError, reason);
  }
}
