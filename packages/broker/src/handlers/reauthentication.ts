import type { EnhancedGrant } from '@carillon/hooks';
import { isReasonCodeFor, ReasonCode } from '@carillon/protocol';
import type { ConnectedClient } from '../connection/connected-client.ts';
import type { Connection } from '../connection/connection.ts';
import { type Denied, deniedBy, reasonForHost } from '../hooks/verdict.ts';
import { authenticationExchange } from './authentication-exchange.ts';

type Words = Pick<EnhancedGrant, 'data' | 'reasonString' | 'userProperties'>;

/** A connected client proves again who it is, while its other traffic goes on. */
export class Reauthentication {
  readonly #connection: Connection;
  readonly #client: ConnectedClient;
  readonly #method: string;
  readonly #exchange = {};
  #round = 0;

  constructor(connection: Connection, client: ConnectedClient, method: string) {
    this.#connection = connection;
    this.#client = client;
    this.#method = method;
  }

  async next(data: Uint8Array | undefined): Promise<void> {
    const connection = this.#connection;
    const method = this.#method;
    const outcome = await authenticationExchange(connection.engine, {
      remote: connection.remote,
      connect: this.#client.connect,
      clientId: this.#client.id,
      method,
      data,
      round: this.#round++,
      client: this.#client,
      exchange: this.#exchange,
    });
    if (!connection.isOpen) return;
    if (outcome.outcome === 'continue') {
      this.#send(ReasonCode.ContinueAuthentication, outcome.answer);
      return;
    }
    connection.reauthentication = undefined;
    if (outcome.outcome !== 'granted') {
      this.#refuse(outcome.refusal);
    } else if (this.#isSomebodyElse(outcome.grant)) {
      this.#refuse({ ...deniedBy(outcome.by), reasonString: 'the proof is not of who connected' });
    } else {
      connection.expireCredentialsAt(outcome.grant.expiresAt);
      await this.#takeGrant(outcome.grant);
      if (connection.isOpen) this.#send(ReasonCode.Success, outcome.grant);
    }
  }

  /** The session and where its topics lie belong to who connected. */
  #isSomebodyElse({ identity, mountPoint }: EnhancedGrant): boolean {
    const client = this.#client;
    return (
      (identity !== undefined && identity !== client.identity) ||
      (mountPoint !== undefined && mountPoint !== client.mountPoint)
    );
  }

  /** Groups and permissions are those of the new proof; what they no longer allow ends. */
  async #takeGrant({ groups = [], permissions }: EnhancedGrant): Promise<void> {
    const connection = this.#connection;
    const { session } = connection;
    if (session === undefined) return;
    session.owner = { ...session.owner, groups, permissions };
    connection.publisher = { ...connection.publisher, permissions };
    await this.#client.invalidate();
  }

  /** [MQTT-4.12.1-2] */
  #refuse(refusal: Denied): void {
    const { reasonCode, reasonString = 'the re-authentication failed', by, ...words } = refusal;
    this.#connection.tellRefused('authentication', reasonCode, reasonForHost(refusal, reasonString), by);
    const fits = isReasonCodeFor('disconnect', reasonCode);
    this.#connection.terminate(fits ? reasonCode : ReasonCode.NotAuthorized, reasonString, words);
  }

  #send(reasonCode: number, { data, reasonString, userProperties }: Words): void {
    this.#connection.send({
      type: 'auth',
      reasonCode,
      properties: {
        authenticationMethod: this.#method,
        ...(data === undefined ? {} : { authenticationData: data }),
        ...(reasonString === undefined ? {} : { reasonString }),
        ...(userProperties === undefined ? {} : { userProperties }),
      },
    });
  }
}
