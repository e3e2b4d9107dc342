// A generator of load: a process of its own, told by its parent what to do, and gone when the parent is.
import { prepareCycles } from './cycles.ts';
import { prepareIdle } from './idle.ts';
import { prepareMessages } from './messages.ts';
import { prepareOffline } from './offline.ts';
import { prepareOverload } from './overload.ts';
import type { LoadPlan, LoadResult, MemoryReading, ReadyLoad } from './plan.ts';
import { prepareRetained } from './retained.ts';
import { prepareTree } from './tree.ts';

/** What the parent says: set up, then go; and what it was asked for. */
export type Order =
  | { readonly do: 'prepare'; readonly plan: LoadPlan }
  | { readonly do: 'run' }
  | { readonly do: 'note memory'; readonly bytes: number };

/** What the parent hears. */
export type Report =
  | { readonly is: 'ready' }
  | { readonly is: 'result'; readonly result: LoadResult }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'asking for memory'; readonly how: MemoryReading };

let ready: ReadyLoad | undefined;
let noteMemory: (bytes: number) => void = () => {};

process.on('message', (order: Order) => {
  if (order.do === 'note memory') noteMemory(order.bytes);
  else carryOut(order).then(tell, (error: Error) => tell({ is: 'failed', why: error.message }));
});
process.once('disconnect', () => process.exit());

async function carryOut(order: Exclude<Order, { do: 'note memory' }>): Promise<Report> {
  if (order.do === 'prepare') {
    ready = await prepare(order.plan);
    return { is: 'ready' };
  }
  if (ready === undefined) throw new Error('told to run before it was told what');
  const result = await ready.run();
  return { is: 'result', result: { ...result, figures: measured(result.figures) } };
}

/** Without figures that nothing was measured for: on the way to the parent they would become `null`. */
function measured(figures: LoadResult['figures']): LoadResult['figures'] {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

function prepare(plan: LoadPlan): Promise<ReadyLoad> {
  switch (plan.load) {
    case 'messages':
      return prepareMessages(plan);
    case 'cycles':
      return prepareCycles(plan);
    case 'idle':
      return prepareIdle(plan, readMemory);
    case 'tree':
      return prepareTree(plan, readMemory);
    case 'retained':
      return prepareRetained(plan);
    case 'offline':
      return prepareOffline(plan);
    case 'overload':
      return prepareOverload(plan);
  }
}

/** Only the parent has a line to the broker's process, over which its garbage is collected first. */
function readMemory(how: MemoryReading): Promise<number> {
  return new Promise((resolve) => {
    noteMemory = resolve;
    tell({ is: 'asking for memory', how });
  });
}

function tell(report: Report): void {
  process.send?.(report);
}
