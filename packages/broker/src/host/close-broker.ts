import type { CloseOptions } from '@carillon/hooks';
import { ReasonCode } from '@carillon/protocol';
import type { Engine } from '../engine.ts';
import type { StorePatience } from '../store/store-patience.ts';

const defaultPatience = 5000;

/**
 * Ends everything in order: the clients are told and get what was sent to them, what is to be stored is
 * stored, the plugins close (the last one first), then the store. Neither clients nor store are waited for
 * for ever.
 */
export async function closeBroker(
  engine: Engine,
  options: CloseOptions,
  {
    storeIsOpen,
    store,
    clientsLeft,
  }: { storeIsOpen: boolean; store: StorePatience; clientsLeft: () => void },
): Promise<void> {
  const { slots } = engine.hooks;
  slots.draining?.({ at: engine.now() });
  tellClients(engine, options.serverReference);
  await leaveInTime(engine, options.within ?? defaultPatience);
  await store.waitFor(engine.turn.settled(), 'stored what it was asked');
  engine.turn.stop();
  clientsLeft();
  engine.deadlines.clear();
  engine.hooks.slots.stopped?.({ at: engine.now() });
  await engine.hooks.closeAll();
  if (storeIsOpen) await store.waitFor(closeStore(engine), 'closed');
}

async function closeStore({ storage }: Engine): Promise<void> {
  await storage.store.close();
}

function tellClients(engine: Engine, serverReference: string | undefined): void {
  const [reasonCode, reason] =
    serverReference === undefined
      ? ([ReasonCode.ServerShuttingDown, 'the server is shutting down'] as const)
      : ([ReasonCode.UseAnotherServer, 'the server is shutting down; use another one'] as const);
  for (const connection of [...engine.connections]) {
    connection.terminate(reasonCode, reason, serverReference === undefined ? {} : { serverReference });
  }
}

/** Those who have not taken what was sent to them by then are cut off. */
async function leaveInTime(engine: Engine, within: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const patience = engine.clock.schedule(within, () => {
      for (const connection of [...engine.connections]) connection.destroy();
      resolve();
    });
    void engine.connections.emptied().then(() => {
      patience.cancel();
      resolve();
    });
  });
}
