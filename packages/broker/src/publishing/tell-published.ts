import type { Engine } from '../engine.ts';
import type { FanOut } from './fan-out.ts';
import type { Publisher } from './publishing.ts';

/** Tells `published`, once everything the message stands for is stored and its copies are on their way. */
export function tellPublished(engine: Engine, fanOut: FanOut, publisher: Publisher): void {
  if (engine.hooks.slots.published === null) return;
  const { view: client, principal } = publisher;
  const tell = (): void => {
    const { message } = fanOut;
    engine.hooks.slots.published?.({ message, client, publisher: principal, receipt: fanOut.receipt() });
  };
  if (fanOut.heldUntil === 0 && !engine.turn.hasOperations) tell();
  else engine.turn.hold({ stored: tell, failed: () => {} });
}
