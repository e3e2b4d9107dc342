import type { Client, ConnectEvent, DisconnectOptions, Remote } from '@carillon/hooks';
import { type ProtocolVersion, ReasonCode, type UserProperty } from '@carillon/protocol';
import { parseSharedFilter } from '@carillon/topics';
import { allowsFilter } from '../publishing/permissions.ts';
import { endSubscription } from '../session/end-subscription.ts';
import { type Session, subscriptionView } from '../session/session.ts';
import type { Connection } from './connection.ts';
import { disconnectReason } from './disconnect-reason.ts';

/** A connected client as hooks and the host see it. */
export class ConnectedClient implements Client {
  readonly #connection: Connection;
  readonly #session: Session;
  readonly connect: ConnectEvent['connect'];
  readonly identity: string | undefined;
  readonly keepAlive: number;
  readonly connectedAt: number;

  constructor(
    connection: Connection,
    session: Session,
    facts: {
      connect: ConnectEvent['connect'];
      identity: string | undefined;
      keepAlive: number;
      connectedAt: number;
    },
  ) {
    this.#connection = connection;
    this.#session = session;
    this.connect = facts.connect;
    this.identity = facts.identity;
    this.keepAlive = facts.keepAlive;
    this.connectedAt = facts.connectedAt;
  }

  get id(): string {
    return this.#session.clientId;
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
    return this.#session.expiryInterval;
  }

  get mountPoint(): string {
    return this.#session.mountPoint;
  }

  get remote(): Remote {
    return this.#connection.remote;
  }

  disconnect(options: DisconnectOptions = {}): void {
    const { reasonCode, reason } = disconnectReason(options);
    this.#connection.terminate(reasonCode, reason, options);
  }

  async invalidate(): Promise<void> {
    const { engine } = this.#connection;
    for (const [filter, subscription] of [...this.#session.subscriptions]) {
      const plain = parseSharedFilter(filter)?.filter ?? filter;
      const permitted = allowsFilter(this.#session.permissions, plain);
      const { authorizeSubscribe } = engine.hooks.slots;
      const verdict = permitted
        ? await authorizeSubscribe?.({ client: this, subscription: subscriptionView(subscription) })
        : undefined;
      if (permitted && verdict?.allowed !== false) continue;
      if (this.#session.subscriptions.get(filter) !== subscription) continue;
      const by = verdict?.by ?? 'permissions';
      const reason = 'the subscription is not allowed any more';
      this.#connection.tellRefused('subscribe', ReasonCode.NotAuthorized, reason, by, filter);
      endSubscription(engine, this.#session, filter, 'not-authorized');
    }
  }
}
