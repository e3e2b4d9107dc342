import type { ClientView } from '@carillon/hooks';
import type { Engine } from '../engine.ts';
import type { FanOut } from './fan-out.ts';

/** Tells `published`, once everything the message stands for is stored and its copies are on their way. */
export function tellPublished(engine: Engine, fanOut: FanOut, client: ClientView | undefined): void {
  if (engine.hooks.slots.published === null) return;
  const tell = (): void =>
    engine.hooks.slots.published?.({ message: fanOut.message, client, receipt: fanOut.receipt() });
  if (fanOut.heldUntil === 0 && !engine.turn.hasOperations) tell();
  else engine.turn.hold({ stored: tell, failed: () => {} });
}
