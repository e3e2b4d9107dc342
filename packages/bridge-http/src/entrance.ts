import type { IncomingMessage } from 'node:http';
import type { Broker, Clock, Grant, Logger, Remote } from '@carillon/hooks';
import { type FieldChecks, grantFields, nonEmptyText, readFields, refuse } from '@carillon/hooks/checks';
import type { ConnackPacket } from '@carillon/protocol';
import { type Credentials, readCredentials } from './credentials.ts';
import { ConversationOver, MqttClient } from './mqtt-client.ts';
import type { HttpAuthenticate, HttpIdentity } from './options.ts';
import { waitAtMost } from './patience.ts';
import { Problem } from './problem.ts';
import { reasonProblem } from './reason-problem.ts';

/** Who sent a request, before the broker is asked. */
export interface Caller {
  readonly remote: Remote;
  readonly credentials: Credentials;
  /** Where the host has said who it is. */
  readonly grant: Grant | undefined;
}

/** What a request wants to be on the broker. */
export interface Arrangement {
  readonly clientId: string;
  /** Seconds; 0 ends the session with the connection. */
  readonly sessionExpiryInterval: number;
  readonly receiveMaximum: number;
  /** As in `connectOnBehalf`. */
  accepts?(identity: string | undefined): boolean;
}

/** A client that was let in. */
export interface Admitted {
  readonly client: MqttClient;
  readonly connack: ConnackPacket;
}

/** What the entrance needs around it. */
export interface EntranceOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly remoteOf: (request: IncomingMessage) => Remote;
  readonly authenticate: HttpAuthenticate | undefined;
  readonly realm: string;
  /** Milliseconds. */
  readonly acknowledgementTimeout: number;
}

/** Lets requests in as clients of the broker: by its own hooks, or by the host's word. */
export class Entrance {
  readonly #options: EntranceOptions;
  /** Connections on their way in, and why the broker has closed them. */
  readonly #turnedAway = new WeakMap<Remote, number | undefined>();

  constructor(options: EntranceOptions) {
    this.#options = options;
  }

  /** The header of a 401. */
  get challenge(): string {
    return `Basic realm="${this.#options.realm}", charset="UTF-8", Bearer realm="${this.#options.realm}"`;
  }

  /** @throws {Problem} 401 when the host does not know the sender, 500 when it failed. */
  async identify(request: IncomingMessage): Promise<Caller> {
    const remote = this.#options.remoteOf(request);
    const { authenticate } = this.#options;
    if (authenticate === undefined) {
      const credentials = readCredentials(request.headers, this.challenge);
      return { remote, credentials, grant: undefined };
    }
    return { remote, credentials: {}, grant: await this.#askHost(authenticate, request) };
  }

  /** @throws {Problem} when the broker does not let the client in. */
  async admit(caller: Caller, arrangement: Arrangement): Promise<Admitted> {
    const { broker, clock, acknowledgementTimeout } = this.#options;
    const { remote, grant, credentials } = caller;
    this.#turnedAway.set(remote, undefined);
    const client = new MqttClient(
      broker.connectOnBehalf({
        remote,
        ...(grant === undefined ? {} : { grant }),
        ...(arrangement.accepts === undefined ? {} : { accepts: arrangement.accepts }),
      }),
    );
    try {
      const greeting = client.connect({
        type: 'connect',
        protocolVersion: 5,
        bridge: false,
        clientId: arrangement.clientId,
        cleanStart: arrangement.sessionExpiryInterval === 0,
        keepAlive: 0,
        ...credentials,
        properties: {
          receiveMaximum: arrangement.receiveMaximum,
          ...(arrangement.sessionExpiryInterval === 0
            ? {}
            : { sessionExpiryInterval: arrangement.sessionExpiryInterval }),
        },
      });
      const connack = await waitAtMost(clock, acknowledgementTimeout, greeting, tooLate);
      if (connack.reasonCode === 0) return { client, connack };
      throw this.refusal(caller, connack.reasonCode, connack.properties.reasonString, false);
    } catch (error) {
      client.leave();
      throw this.#asProblem(caller, error);
    }
  }

  /** The broker has closed a connection that it knew nothing of yet. */
  refused(remote: Remote, reasonCode: number): void {
    if (this.#turnedAway.has(remote)) this.#turnedAway.set(remote, reasonCode);
  }

  /** What a "no" of the broker is for whoever sent the request. */
  refusal(caller: Caller, reasonCode: number | undefined, reason: string | undefined, isIn = true): Problem {
    // Who is in has been found good, unless he said nothing of who he is.
    const hasSaid = caller.credentials.password !== undefined || caller.remote.certificate !== undefined;
    const isKnown = caller.grant !== undefined || (isIn && hasSaid);
    return reasonProblem({ reasonCode, reason, isKnown, challenge: this.challenge });
  }

  #asProblem(caller: Caller, error: unknown): unknown {
    if (!(error instanceof ConversationOver)) return error;
    const reasonCode = error.reasonCode ?? this.#turnedAway.get(caller.remote);
    if (reasonCode === 0x87) return new Problem(403, 'connections from there are refused', { reasonCode });
    return this.refusal(
      caller,
      reasonCode,
      error.reasonCode === undefined ? undefined : error.message,
      false,
    );
  }

  async #askHost(authenticate: HttpAuthenticate, request: IncomingMessage): Promise<Grant> {
    const { clock, logger, acknowledgementTimeout } = this.#options;
    let answer: unknown;
    try {
      const asked = Promise.resolve(authenticate(request));
      answer = await waitAtMost(clock, acknowledgementTimeout, asked, () => {
        return new Error(`no answer within ${acknowledgementTimeout} ms`);
      });
      if (answer !== undefined) return grantFrom(answer);
    } catch (error) {
      logger.error({ err: error }, 'the authentication of the HTTP bridge failed');
      throw new Problem(500, 'it could not be found out who you are');
    }
    throw new Problem(401, 'it is not known who you are', {
      headers: { 'WWW-Authenticate': this.challenge },
    });
  }
}

const { groups, mountPoint, permissions, limits, expiresAt } = grantFields;
const identityFields: FieldChecks<HttpIdentity> = {
  identity: nonEmptyText,
  groups,
  mountPoint,
  permissions,
  limits,
  expiresAt,
};

/** @throws {ImpossibleValue} */
function grantFrom(answer: unknown): Grant {
  const fields = readFields(typeof answer === 'string' ? { identity: answer } : answer, identityFields);
  if (fields.identity !== undefined) return { ...fields, allow: true };
  return refuse('identity', undefined, 'text; undefined instead of an object refuses the request');
}

function tooLate(): Problem {
  return new Problem(504, 'the broker did not let the request in in time');
}
