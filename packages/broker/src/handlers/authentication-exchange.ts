import type { EnhancedEvent } from '@carillon/hooks';
import type { MaybePromise } from '@carillon/persistence';
import { ReasonCode } from '@carillon/protocol';
import type { Engine } from '../engine.ts';
import type { EnhancedOutcome } from '../hooks/authenticate.ts';

/** One round of enhanced authentication: the same at CONNECT and for a connected client. */
export function authenticationExchange(engine: Engine, event: EnhancedEvent): MaybePromise<EnhancedOutcome> {
  const { authenticateEnhanced } = engine.hooks.slots;
  const { maximumAuthenticationRounds } = engine.options.limits;
  if (authenticateEnhanced === null) {
    // [MQTT-4.12.0-1]
    return refused(
      ReasonCode.BadAuthenticationMethod,
      `the method "${event.method}" is not known here`,
      'state',
    );
  }
  if (event.round >= maximumAuthenticationRounds) {
    const reason = `authentication took more than ${maximumAuthenticationRounds} rounds`;
    return refused(ReasonCode.NotAuthorized, reason, 'limit:maximumAuthenticationRounds');
  }
  return authenticateEnhanced(event);
}

function refused(reasonCode: number, reasonString: string, by: string): EnhancedOutcome {
  return {
    outcome: 'refused',
    refusal: { allowed: false, by, reasonCode, reasonString, cause: 'refused' },
  };
}
