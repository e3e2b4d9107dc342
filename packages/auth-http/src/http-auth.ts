import { definePlugin, type Plugin, type PluginHooks } from '@carillon/hooks';
import { checkingOptions } from '@carillon/hooks/checks';
import { HttpGate } from './http-gate.ts';
import { HttpAuthOptionError } from './option-error.ts';
import type { HttpAuthOptions } from './options.ts';
import { readSettings } from './settings.ts';

/** The service is given up before the broker gives up the plugin, so that the reason code is ours. */
const margin = 1_000;

/**
 * Asks a service over HTTP who may connect, and who may publish and subscribe to what. Questions and answers are JSON,
 * described in `openapi.yaml` of this package. Whoever the service gives no answer about is refused: CONNACK has 0x88
 * while it is down and 0x89 while too many wait for it, PUBACK and SUBACK have 0x83 and 0x97.
 *
 * Receiving is not asked about: that decision is made for each copy of a message and cannot wait. Confine it with
 * `permissions.receive` in the answer to `authenticate`.
 *
 * @throws {HttpAuthOptionError} when an option cannot be.
 *
 * @example
 * ```ts
 * const broker = createBroker();
 * broker.use(httpAuth({ url: 'https://accounts.example.com/mqtt', headers: { authorization: `Bearer ${secret}` } }));
 * ```
 */
export function httpAuth(options: HttpAuthOptions): Plugin {
  const settings = checkingOptions(
    () => readSettings(options),
    (wrong) => new HttpAuthOptionError(wrong),
  );
  let gate: HttpGate | undefined;
  const opened = (): HttpGate => {
    if (gate === undefined) throw new Error('the plugin was asked before it was set up');
    return gate;
  };
  const { authenticate, authorize, timeout } = settings;
  const hooks: PluginHooks = {
    ...(authenticate !== undefined && {
      authenticate: (event, context) => opened().authenticate(authenticate, event, context),
    }),
    ...(authorize !== undefined && {
      authorizePublish: (event, context) => opened().authorizePublish(authorize, event, context),
      authorizeSubscribe: (event, context) => opened().authorizeSubscribe(authorize, event, context),
      invalidated: ({ client }) => opened().forget(client),
    }),
  };
  return definePlugin({
    name: 'auth-http',
    timeoutMs: timeout + margin,
    setup(_broker, platform) {
      gate = new HttpGate(settings, platform);
    },
    close: () => gate?.close(),
    hooks,
  });
}
