import {
  type AuthenticateEvent,
  type ClientView,
  deny,
  type EnhancedEvent,
  type Grant,
  type PluginPlatform,
  type Refusal,
} from '@carillon/hooks';
import { grantFromClaims, subjectOf } from './claim-grant.ts';
import type { KeyRing } from './key-ring.ts';
import type { JwtSettings } from './settings.ts';
import { TokenRefused } from './token-refused.ts';
import { textsFrom, tokenText } from './token-sources.ts';
import { type VerifiedToken, verifyToken } from './verify-token.ts';

/** Finds the token of a client, checks it, and says what it brings. */
export class TokenGate {
  readonly #settings: JwtSettings;
  readonly #keys: KeyRing;
  #now: () => number = Date.now;

  constructor(settings: JwtSettings, keys: KeyRing) {
    this.#settings = settings;
    this.#keys = keys;
  }

  open(platform: PluginPlatform): void {
    this.#now = () => platform.clock.now();
    this.#keys.open(platform);
  }

  close(): void {
    this.#keys.close();
  }

  /** No opinion on clients without a token. */
  async authenticate(event: AuthenticateEvent): Promise<Grant | Refusal | undefined> {
    for (const text of textsFrom(this.#settings.sources, event)) {
      const answer = await this.#judge(text, event);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  /** A round of enhanced authentication: there is one, with the token. */
  async authenticateByMethod(event: EnhancedEvent): Promise<Grant | Refusal | undefined> {
    const { method, data, client } = event;
    if (method !== this.#settings.method) return undefined;
    const answer = data === undefined ? undefined : await this.#judge(tokenText(data), event);
    if (answer === undefined) return deny(undefined, 'the Authentication Data is not a token');
    return answer.allow && client !== undefined ? onlyFor(client, answer) : answer;
  }

  async #judge(text: string, event: AuthenticateEvent | EnhancedEvent): Promise<Grant | Refusal | undefined> {
    const { terms } = this.#settings;
    try {
      const token = await verifyToken(text, { terms, keys: this.#keys, now: this.#now() });
      return token === undefined ? undefined : await this.#grant(token, event);
    } catch (error) {
      if (error instanceof TokenRefused) return error.refusal;
      throw error;
    }
  }

  async #grant(
    { claims, endsAt }: VerifiedToken,
    event: AuthenticateEvent | EnhancedEvent,
  ): Promise<Grant | Refusal> {
    const { claims: meaning } = this.#settings;
    if (typeof meaning !== 'function') {
      return endingAt(endsAt, grantFromClaims(claims, meaning, bearerOf(event)));
    }
    const answer = await meaning(claims, event);
    if (!answer.allow) return answer;
    return endingAt(endsAt, { ...answer, identity: answer.identity ?? subjectOf(claims) });
  }
}

function bearerOf(event: AuthenticateEvent | EnhancedEvent) {
  const { clientId, connect } = event;
  const isConnected = 'client' in event && event.client !== undefined;
  return { clientId, choseClientId: isConnected || connect.clientId !== '' };
}

/** The connection ends with the token at the latest. */
function endingAt(endsAt: number | undefined, grant: Grant): Grant {
  if (endsAt === undefined) return grant;
  return { ...grant, expiresAt: Math.min(endsAt, grant.expiresAt ?? endsAt) };
}

/** A new token may prolong a connection. It does not make another client of it. */
function onlyFor(client: ClientView, grant: Grant): Grant | Refusal {
  if (grant.identity !== client.identity) return deny(undefined, 'the new token is for another identity');
  if ((grant.mountPoint ?? '') !== client.mountPoint) {
    return deny(undefined, 'the new token is for another mount point');
  }
  return grant;
}
