import type { EffectiveConfiguration } from './effective-configuration.ts';

/** The keys under which secrets stand, wherever in the configuration. */
const secretKeys = new Set(['key', 'passphrase', 'password', 'secret', 'token']);

/** The effective configuration as JSON: every default in place, secrets and certificates left out. */
export function printConfiguration(configuration: EffectiveConfiguration): string {
  const { file, listeners, settings, plugins, allowAnonymous, logLevel, closeWithin, store } = configuration;
  const { persistence } = configuration.broker;
  const { version: _version, ...broker } = settings;
  const shown = {
    file,
    listeners: listeners.map(({ written }) => written),
    broker,
    store: persistence?.name ?? (store === 'of the configuration' ? 'of a plugin' : 'memory'),
    plugins: plugins.map(({ name }) => name),
    allowAnonymous,
    logLevel,
    closeWithin,
  };
  return JSON.stringify(shown, showable, 2);
}

function showable(key: string, value: unknown): unknown {
  if (secretKeys.has(key) && value !== undefined) return '(hidden)';
  if (key === 'cert' || key === 'ca') return '(PEM)';
  if (typeof value === 'function') return '(function)';
  return value;
}
