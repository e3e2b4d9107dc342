import type { MaybePromise } from '@carillon/persistence';

/**
 * Goes on with `next` when `value` is there: at once for a plain value, later for a promise. What is plain
 * all the way stays synchronous and costs no promise.
 */
export function whenDone<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
