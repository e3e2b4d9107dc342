import { resolve } from 'node:path';
import type { EffectiveConfiguration } from './effective-configuration.ts';
import type { EffectiveStore } from './store-configuration.ts';

/** The keys under which secrets stand, wherever in the configuration. */
const secretKeys = new Set(['key', 'passphrase', 'password', 'secret', 'token']);

/** The effective configuration as JSON: every default in place, secrets and certificates left out. */
export function printConfiguration(configuration: EffectiveConfiguration): string {
  const { file, listeners, settings, auth, bridges, http, webhooks, plugins, store } = configuration;
  const { allowAnonymous, logLevel, closeWithin } = configuration;
  const { persistence } = configuration.broker;
  const { version: _version, ...broker } = settings;
  const shown = {
    file,
    listeners: withoutSecrets(listeners.map(({ written }) => written)),
    broker: withoutSecrets(broker),
    store: nameOf(store, persistence?.name),
    data: store.kind === 'folder' ? resolve(store.folder) : undefined,
    auth: Object.fromEntries(auth.map(({ key, shown }) => [key, shown])),
    bridges: bridges && withoutSecrets(bridges.shown),
    http: http && withoutSecrets(http.shown),
    webhooks: webhooks && withoutSecrets(webhooks.shown),
    plugins: plugins.map(({ name }) => name),
    allowAnonymous,
    logLevel,
    closeWithin,
  };
  return JSON.stringify(shown, null, 2);
}

function withoutSecrets(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, showable));
}

function nameOf({ kind }: EffectiveStore, given: string | undefined): string {
  if (kind === 'of the configuration') return given ?? 'of a plugin';
  return kind === 'folder' ? 'level' : 'memory';
}

function showable(key: string, value: unknown): unknown {
  if (secretKeys.has(key) && value !== undefined) return '(hidden)';
  if (key === 'cert' || key === 'ca') return '(PEM)';
  if (typeof value === 'function') return '(function)';
  return value;
}
