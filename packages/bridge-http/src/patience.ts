import type { Clock } from '@carillon/hooks';

/** What is waited for, but no longer than `milliseconds`; then `late` is what it rejects with. */
export function waitAtMost<T>(
  clock: Clock,
  milliseconds: number,
  awaited: Promise<T>,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const patience = clock.schedule(milliseconds, () => reject(late()));
    awaited.then(resolve, reject).finally(() => patience.cancel());
  });
}
