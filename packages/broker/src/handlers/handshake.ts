import type { ClientLimits, ConnectEvent, EnhancedEvent, EnhancedGrant, Grant } from '@carillon/hooks';
import {
  type AuthPacket,
  type ConnackProperties,
  type ConnectPacket,
  ProtocolError,
  type ProtocolVersion,
  ReasonCode,
} from '@carillon/protocol';
import { ConnectedClient } from '../connection/connected-client.ts';
import type { Connection } from '../connection/connection.ts';
import { termsUntilConnack } from '../connection/connection-terms.ts';
import type { Engine } from '../engine.ts';
import { type AuthenticationOutcome, type NotGranted, unopposed } from '../hooks/authenticate.ts';
import { type Publisher, publisherOf } from '../publishing/publishing.ts';
import { applyJudgements, type Judgement, judgeSubscriptions } from '../session/judge-subscriptions.ts';
import type { PendingWill } from '../session/pending-will.ts';
import { noGroups, noLimits, type Session } from '../session/session.ts';
import { admitWill } from './admit-will.ts';
import { authenticationExchange } from './authentication-exchange.ts';
import { checkWill } from './check-will.ts';
import { connackProperties, rewriteConnack } from './connack.ts';
import { ConnectRefused, refusedBy, returnCodeFor } from './connect-refused.ts';
import { type Negotiated, negotiateTerms } from './negotiate-terms.ts';
import { type Admission, findSession, takeSession, vacate } from './take-session.ts';

/**
 * From CONNECT to CONNACK, in this order: what CONNECT asks for, who asks, whether an older connection has to
 * go, the session, the Will, CONNACK. Nothing is registered and nobody is disturbed before the last check.
 */
export class Handshake {
  readonly #connection: Connection;
  readonly #engine: Engine;
  readonly #version: ProtocolVersion;
  /** As the client sent it. */
  readonly #asked: ConnectPacket;
  /** As `rewriteConnect` left it. */
  #connect: ConnectPacket;
  clientId: string;
  /** Names all rounds of one enhanced authentication. */
  readonly #exchange = {};
  #round = 0;

  constructor(connection: Connection, connect: ConnectPacket) {
    this.#connection = connection;
    this.#engine = connection.engine;
    this.#version = connect.protocolVersion;
    this.#asked = connect;
    this.#connect = connect;
    this.clientId = connect.clientId;
    connection.terms = termsUntilConnack(connection.terms, connect);
  }

  async run(): Promise<void> {
    await this.#orRefuse(async () => {
      const { topicLimits, options, hooks } = this.#engine;
      const isInProcess = this.#connection.inProcess !== undefined;
      if (!isInProcess && hooks.slots.rewriteConnect !== null) await this.#rewriteConnect();
      this.#checkClientId();
      checkWill(this.#connect.will, options, topicLimits, '');
      await this.#authenticate();
    });
  }

  /** The client's answer to an AUTH of ours. [MQTT-4.12.0-3] */
  async continueAuthentication(packet: AuthPacket): Promise<void> {
    await this.#orRefuse(async () => {
      const method = this.#connect.properties.authenticationMethod;
      const { authenticationMethod, authenticationData } = packet.properties;
      if (method === undefined || authenticationMethod !== method) {
        throw new ProtocolError(
          ReasonCode.ProtocolError,
          'MQTT-4.12.0-5',
          'the Authentication Method of AUTH is not that of CONNECT',
        );
      }
      if (packet.reasonCode !== ReasonCode.ContinueAuthentication) {
        throw new ProtocolError(
          ReasonCode.ProtocolError,
          'MQTT-4.12.0-3',
          'AUTH before CONNACK has to have the reason code 0x18',
        );
      }
      this.#round++;
      await this.#authenticateEnhanced(method, authenticationData);
    });
  }

  /** CONNACK with the reason, then the close; nothing else was done. [MQTT-3.2.2-7] */
  refuse(reasonCode: number, reason: string, words: ConnectRefused['words'] = {}): void {
    const connection = this.#connection;
    if (!connection.isOpen) return;
    this.#engine.counters.connectionsRefused++;
    if (this.#version === 5) {
      const { userProperties, serverReference } = words;
      connection.send({
        type: 'connack',
        sessionPresent: false,
        reasonCode,
        properties: {
          reasonString: words.reasonString ?? reason,
          ...(userProperties === undefined ? {} : { userProperties }),
          ...(serverReference === undefined ? {} : { serverReference }),
        },
      });
    } else {
      const returnCode = returnCodeFor(reasonCode);
      if (returnCode !== undefined) {
        connection.send({ type: 'connack', sessionPresent: false, reasonCode: returnCode, properties: {} });
      }
    }
    connection.finish({ by: 'broker', reasonCode, reason, willIsDue: true });
  }

  async #orRefuse(steps: () => Promise<void>): Promise<void> {
    try {
      await steps();
    } catch (error) {
      if (!(error instanceof ConnectRefused)) throw error;
      this.#connection.tellRefused('connect', error.reasonCode, error.forHost, error.by);
      this.refuse(error.reasonCode, error.message, error.words);
    }
  }

  // --- what CONNECT asks for

  async #rewriteConnect(): Promise<void> {
    const rewrite = this.#engine.hooks.slots.rewriteConnect;
    if (rewrite === null) return;
    const rewritten = await rewrite(this.#connectEvent());
    if (!rewritten.ok) throw refusedBy(rewritten.refusal, 'the CONNECT could not be rewritten');
    this.#connect = { ...this.#connect, ...rewritten.value };
    this.clientId = this.#connect.clientId;
  }

  #connectEvent(): ConnectEvent {
    return { remote: this.#connection.remote, connect: withoutSecrets(this.#connect) };
  }

  #checkClientId(): void {
    const { clientId, cleanStart } = this.#connect;
    if (clientId !== '') return;
    // [MQTT-3.1.3-8] of 3.1.1; MQTT 3.1 has no empty client ids at all.
    if (this.#version === 3 || (this.#version === 4 && !cleanStart)) {
      throw new ConnectRefused(
        ReasonCode.ClientIdentifierNotValid,
        'an empty client id needs Clean Session',
        this.#version === 3 ? '§3.1' : 'MQTT-3.1.3-8',
      );
    }
    this.clientId = this.#inventClientId();
  }

  /** The client gave no id and has to be told the one it got, from whomever. [MQTT-3.2.2-16] */
  get #wasAssigned(): boolean {
    return this.#asked.clientId === '';
  }

  /** [MQTT-3.1.3-6] */
  #inventClientId(): string {
    const bytes = new Uint8Array(16);
    this.#engine.random(bytes);
    return `auto-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  }

  // --- who asks

  async #authenticate(): Promise<void> {
    if (this.#connection.inProcess !== undefined) {
      await this.#admit({ allow: true, limits: { serverKeepAlive: 0 } });
      return;
    }
    const vouched = this.#connection.onBehalf?.grant;
    if (vouched !== undefined) {
      await this.#admit(vouched);
      return;
    }
    const { authenticationMethod, authenticationData } = this.#connect.properties;
    if (authenticationMethod !== undefined) {
      await this.#authenticateEnhanced(authenticationMethod, authenticationData);
      return;
    }
    const outcome = await this.#authenticateByPassword();
    if (outcome.outcome === 'granted') {
      await this.#admit(outcome.grant);
    } else if (outcome.outcome === 'unopposed') {
      this.#checkMethodIsOptional();
      await this.#admit({ allow: true });
    } else {
      throw notGranted(outcome);
    }
  }

  async #authenticateByPassword(): Promise<AuthenticationOutcome> {
    const { authenticate } = this.#engine.hooks.slots;
    if (authenticate === null) return unopposed;
    const { username, password } = this.#connect;
    return authenticate({ ...this.#connectEvent(), clientId: this.clientId, username, password });
  }

  /** Where methods are all that is asked for, who names none has not said who he is. */
  #checkMethodIsOptional(): void {
    if (!this.#engine.hooks.needsYes('authenticateEnhanced')) return;
    const reason = 'an authentication method is required';
    throw new ConnectRefused(ReasonCode.NotAuthorized, reason, 'authenticateEnhanced');
  }

  async #authenticateEnhanced(method: string, data: Uint8Array | undefined): Promise<void> {
    const event: EnhancedEvent = {
      ...this.#connectEvent(),
      clientId: this.clientId,
      method,
      data,
      round: this.#round,
      client: undefined,
      exchange: this.#exchange,
    };
    const outcome = await authenticationExchange(this.#engine, event);
    if (outcome.outcome === 'granted') {
      await this.#admit(outcome.grant);
    } else if (outcome.outcome === 'continue') {
      const { data: question, reasonString, userProperties } = outcome.answer;
      this.#connection.send({
        type: 'auth',
        reasonCode: ReasonCode.ContinueAuthentication,
        properties: {
          authenticationMethod: method,
          ...(question === undefined ? {} : { authenticationData: question }),
          ...(reasonString === undefined ? {} : { reasonString }),
          ...(userProperties === undefined ? {} : { userProperties }),
        },
      });
    } else {
      throw notGranted(outcome);
    }
  }

  // --- the session

  /** The client may connect. What can still refuse it comes before anything is changed. */
  async #admit(grant: Grant | EnhancedGrant): Promise<void> {
    if (this.#wasAssigned && grant.assignedClientId !== undefined) this.clientId = grant.assignedClientId;
    this.#checkOwner();
    const identity = grant.identity ?? this.#connect.username;
    this.#checkAccepted(identity);
    await this.#authorizeTakeover(identity);
    const limits = this.#limitsFrom(grant);
    const negotiated = negotiateTerms(this.#connect, this.#asked, limits, this.#engine.options);
    const admission = this.#admission(grant, identity, negotiated);
    checkWill(this.#connect.will, negotiated.terms, this.#engine.topicLimits, admission.mountPoint);
    const client = new ConnectedClient(this.#connection, admission, {
      connect: withoutSecrets(this.#connect),
      keepAlive: negotiated.terms.keepAlive,
      connectedAt: this.#engine.now(),
    });
    const publisher = this.#publisher(client, admission);
    const wanted = this.#connect.will;
    const will = wanted && (await admitWill(this.#connection, wanted, client, publisher));
    const waiting = findSession(this.#engine, admission);
    const sessionWaits = waiting !== undefined;
    const judged = waiting === undefined ? [] : await this.#judgeRestored(waiting, client, publisher);
    const name = { clientId: this.clientId, wasAssigned: this.#wasAssigned };
    const offered = connackProperties(this.#engine, this.#connect, name, grant, negotiated);
    const connack = await rewriteConnack(this.#engine, client, sessionWaits, offered);
    if (!this.#connection.isOpen) return;
    this.#checkSessionLimit();
    const vacated = vacate(this.#engine, admission);
    if (vacated !== undefined) {
      await vacated;
      if (!this.#connection.isOpen) return;
    }
    await this.#accept(client, publisher, admission, { will, judged }, negotiated, connack, grant.expiresAt);
  }

  /** What waits for a plugin of this process is for nobody else. */
  #checkOwner(): void {
    const { inProcess } = this.#connection;
    if (inProcess === undefined) {
      if (!this.#engine.reservedIds.has(this.clientId)) return;
      const reason = 'the client id belongs to a plugin of the broker';
      throw new ConnectRefused(ReasonCode.ClientIdentifierNotValid, reason, 'state');
    }
    if (this.clientId === inProcess.clientId) return;
    const reason = `the client id was to be "${inProcess.clientId}"`;
    throw new ConnectRefused(ReasonCode.ClientIdentifierNotValid, reason, 'state');
  }

  #checkAccepted(identity: string | undefined): void {
    if (this.#connection.onBehalf?.accepts?.(identity) !== false) return;
    throw new ConnectRefused(ReasonCode.NotAuthorized, 'the session belongs to somebody else', 'state');
  }

  /** A plugin of this process notices by itself that the client it speaks for is gone. */
  #limitsFrom({ limits = {} }: Grant): ClientLimits {
    return this.#connection.onBehalf === undefined ? limits : { ...limits, serverKeepAlive: 0 };
  }

  /**
   * What the client may do may have changed while it was away: every subscription that waits for it is asked about
   * before it is used. When that cannot be found out the client is to come again, and has lost nothing.
   */
  async #judgeRestored(
    session: Session,
    client: ConnectedClient,
    { permissions }: Publisher,
  ): Promise<readonly Judgement[]> {
    if (this.#connection.inProcess !== undefined) return [];
    const judged = await judgeSubscriptions(this.#engine, session, client, permissions);
    for (const judgement of judged) {
      if (judgement.outcome !== 'failed') continue;
      const reason = 'it could not be found out whether the subscriptions of the session are allowed';
      throw new ConnectRefused(ReasonCode.ServerUnavailable, reason, judgement.by);
    }
    return judged;
  }

  #publisher(client: ConnectedClient, { permissions }: Admission): Publisher {
    const { inProcess } = this.#connection;
    if (inProcess !== undefined) return publisherOf(inProcess.origin);
    return { view: client, principal: client, permissions, mustBeAuthorized: true, session: undefined };
  }

  #admission(grant: Grant, identity: string | undefined, negotiated: Negotiated): Admission {
    return {
      clientId: this.clientId,
      protocolVersion: this.#version,
      cleanStart: this.#connect.cleanStart,
      sessionExpiryInterval: negotiated.sessionExpiryInterval,
      identity,
      groups: grant.groups ?? noGroups,
      mountPoint: grant.mountPoint ?? '',
      permissions: grant.permissions,
      limits: grant.limits ?? noLimits,
    };
  }

  async #authorizeTakeover(identity: string | undefined): Promise<void> {
    const authorize = this.#engine.hooks.slots.authorizeTakeover;
    const client = this.#engine.sessions.get(this.clientId)?.connection?.client;
    if (authorize === null || client === undefined || this.#connection.inProcess !== undefined) return;
    const verdict = await authorize({ ...this.#connectEvent(), client, identity });
    if (!verdict.allowed) throw refusedBy(verdict, 'the client id is in use');
  }

  #checkSessionLimit(): void {
    const { sessions, options } = this.#engine;
    const { maximumSessions } = options.limits;
    if (sessions.size < maximumSessions || sessions.get(this.clientId) !== undefined) return;
    const reason = `the broker has its ${maximumSessions} sessions`;
    throw new ConnectRefused(ReasonCode.QuotaExceeded, reason, 'limit:maximumSessions');
  }

  /** Session and Will, then CONNACK when both are stored, then everything else. [MQTT-3.2.0-1] */
  async #accept(
    client: ConnectedClient,
    publisher: Publisher,
    admission: Admission,
    { will, judged }: { will: PendingWill | undefined; judged: readonly Judgement[] },
    negotiated: Negotiated,
    properties: ConnackProperties,
    expiresAt: number | undefined,
  ): Promise<void> {
    const connection = this.#connection;
    const { session, sessionPresent } = takeSession(connection, admission);
    connection.client = client;
    if (sessionPresent) applyJudgements(connection, session, judged);
    const { inProcess } = connection;
    connection.publisher = { ...publisher, session };
    connection.author = {
      publisherId: inProcess?.publisherId ?? session.clientId,
      origin: inProcess === undefined ? 'client' : (inProcess.origin ?? 'host'),
      mountPoint: session.mountPoint,
    };
    connection.agree(negotiated.terms);
    this.#engine.wills.replace(session, will);
    if (this.#engine.turn.hasOperations && !(await this.#isStored())) {
      if (session.connection === connection) this.#withdraw(session, sessionPresent);
      throw new ConnectRefused(ReasonCode.ServerUnavailable, 'the session could not be stored', 'store');
    }
    if (!connection.isOpen) return;
    connection.send({ type: 'connack', sessionPresent, reasonCode: ReasonCode.Success, properties });
    if (!connection.isOpen) return;
    connection.becomeConnected();
    connection.expireCredentialsAt(expiresAt);
    const { connected, sessionResumed } = this.#engine.hooks.slots;
    if (sessionPresent) sessionResumed?.({ session: session.view() });
    connected?.({ client, sessionPresent });
    this.#engine.logger.debug({ clientId: session.clientId, sessionPresent }, 'client connected');
    session.usedOutbox?.attach();
  }

  /** A Will is left by clients that were accepted only, and so is a session. [MQTT-3.1.2-7] */
  #withdraw(session: Session, sessionPresent: boolean): void {
    this.#engine.wills.forget(session);
    if (sessionPresent) return;
    session.connection = undefined;
    this.#engine.sessions.end(session, 'connection-ended');
  }

  #isStored(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#engine.turn.hold({ stored: () => resolve(true), failed: () => resolve(false) });
    });
  }
}

function notGranted({ refusal }: NotGranted): ConnectRefused {
  return refusedBy(refusal, 'not authorized');
}

/** Field by field: the rest of a destructuring is an object that V8 keeps as a dictionary, for as long as the client. */
function withoutSecrets(packet: ConnectPacket): ConnectEvent['connect'] {
  const { protocolVersion, bridge, clientId, cleanStart, keepAlive, properties, will, username } = packet;
  const connect = { protocolVersion, bridge, clientId, cleanStart, keepAlive, properties };
  if (will === undefined && username === undefined) return connect;
  return {
    ...connect,
    ...(will === undefined ? {} : { will }),
    ...(username === undefined ? {} : { username }),
  };
}
