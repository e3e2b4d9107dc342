// A generator of load: a process of its own, told by its parent what to do, and gone when the parent is.
import { prepareMessages, type ReadyLoad } from './messages.ts';
import type { LoadPlan, LoadResult } from './plan.ts';

/** What the parent says: set up, then go. */
export type Order = { readonly do: 'prepare'; readonly plan: LoadPlan } | { readonly do: 'run' };

/** What the parent hears. */
export type Report =
  | { readonly is: 'ready' }
  | { readonly is: 'result'; readonly result: LoadResult }
  | { readonly is: 'failed'; readonly why: string };

let ready: ReadyLoad | undefined;

process.on('message', (order: Order) => {
  carryOut(order).then(tell, (error: Error) => tell({ is: 'failed', why: error.message }));
});
process.once('disconnect', () => process.exit());

async function carryOut(order: Order): Promise<Report> {
  if (order.do === 'prepare') {
    ready = await prepare(order.plan);
    return { is: 'ready' };
  }
  if (ready === undefined) throw new Error('told to run before it was told what');
  return { is: 'result', result: await ready.run() };
}

function prepare(plan: LoadPlan): Promise<ReadyLoad> {
  switch (plan.load) {
    case 'messages':
      return prepareMessages(plan);
  }
}

function tell(report: Report): void {
  process.send?.(report);
}
