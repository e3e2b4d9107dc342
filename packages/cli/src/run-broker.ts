import { type CarillonBroker, createBroker, version } from 'carillon';
import type { Logger } from 'pino';
import { makePlugins } from './auth/make-plugins.ts';
import type { EffectiveConfiguration } from './effective-configuration.ts';
import { explainStart, makeStore, tellStore } from './open-store.ts';
import { StopSignals } from './stop-signals.ts';

/**
 * Starts the broker; it runs until a signal ends it.
 *
 * @throws when a plugin, the store or a listener cannot start; nothing is left open then.
 */
export async function runBroker(configuration: EffectiveConfiguration, log: Logger): Promise<void> {
  const { store } = configuration;
  const plugins = await makePlugins(configuration.auth, configuration.plugins, log);
  const bridges = await configuration.bridges?.make();
  const webhooks = await configuration.webhooks?.make();
  const persistence = await makeStore(store, log);
  const broker = createBroker({ ...configuration.broker, ...(persistence && { persistence }), logger: log });
  stopOnSignal(broker, configuration.closeWithin, log);
  try {
    for (const plugin of plugins) await broker.use(plugin).ready;
    if (bridges !== undefined) broker.use(bridges);
    if (configuration.http !== undefined) broker.use(configuration.http.bridge);
    if (webhooks !== undefined) broker.use(webhooks);
    await broker.start();
    tellStore(store, log);
    for (const { options } of configuration.listeners) {
      const listener = await broker.listen(options);
      log.info({ listener: listener.name }, `listening on ${listener.name}`);
    }
  } catch (error) {
    await broker.close({ within: 0 });
    throw explainStart(error, store);
  }
  tellWhatIsNotProtected(configuration, log);
  log.info({ version, pid: process.pid }, `Carillon ${version} is ready`);
}

function tellWhatIsNotProtected({ isAsked, allowAnonymous }: EffectiveConfiguration, log: Logger): void {
  if (isAsked) return;
  if (allowAnonymous) log.warn('no authentication: everybody who reaches a listener may connect');
  else log.info('no authentication: only programs on this machine can connect (listening on loopback)');
}

function stopOnSignal(broker: CarillonBroker, within: number, log: Logger): void {
  const signals = new StopSignals(() => performance.now());
  const onSignal = (signal: NodeJS.Signals): void => {
    const wish = signals.received();
    if (wish === 'stop at once') {
      log.warn({ signal }, `${signal} again: stopping at once`);
      process.exit(1);
    }
    if (wish === 'stop') void stop(broker, within, signal, log);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

/** Never rejects: the process ends here. */
async function stop(broker: CarillonBroker, within: number, signal: string, log: Logger): Promise<void> {
  log.info({ signal }, `${signal}: telling the clients, then stopping`);
  try {
    await broker.close({ within });
    log.info('stopped');
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, 'could not stop in order');
    process.exit(1);
  }
}
