import { definePlugin, type EnhancedEvent, type Plugin } from '@carillon/hooks';
import { checkingOptions } from '@carillon/hooks/checks';
import { KeyRing } from './key-ring.ts';
import { keyHolders } from './key-sources.ts';
import { JwtOptionError } from './option-error.ts';
import type { JwtAuthOptions } from './options.ts';
import { readSettings } from './settings.ts';
import { TokenGate } from './token-gate.ts';

/**
 * Lets in who has a JSON Web Token that one of the keys has signed, as whom and for what its claims say. The
 * connection ends with the token, unless an MQTT 5.0 client sends a new one before: by AUTH 0x19, with the same
 * identity and mount point.
 *
 * What is not a token is left to other plugins. A token that is not good refuses the client: 0x87 with a reason
 * string, 0x85 for another client id, 0x88 while the keys cannot be had.
 *
 * @throws {JwtOptionError} when an option cannot be, or given keys or files cannot be used.
 *
 * @example
 * ```ts
 * const broker = createBroker();
 * broker.use(
 *   jwtAuth({
 *     keys: { url: 'https://id.example.com/.well-known/jwks.json' },
 *     algorithms: ['RS256', 'ES256'],
 *     issuer: 'https://id.example.com/',
 *     audience: 'mqtt',
 *     claims: { groups: 'roles', permissions: 'mqtt' },
 *   }),
 * );
 * ```
 */
export function jwtAuth(options: JwtAuthOptions): Plugin {
  const settings = checkingOptions(() => readSettings(options), mistake);
  const keys = new KeyRing(
    checkingOptions(() => keyHolders(options.keys, settings.terms.algorithms), mistake),
  );
  const gate = new TokenGate(settings, keys);
  return definePlugin({
    name: 'auth-jwt',
    setup: (_broker, platform) => gate.open(platform),
    close: () => gate.close(),
    hooks: {
      authenticate: (event) => gate.authenticate(event),
      ...(settings.method !== undefined && {
        authenticateEnhanced: (event: EnhancedEvent) => gate.authenticateByMethod(event),
      }),
    },
  });
}

function mistake(wrong: string): JwtOptionError {
  return new JwtOptionError(wrong);
}
