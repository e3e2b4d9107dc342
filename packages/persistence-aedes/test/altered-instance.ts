import { createRequire } from 'node:module';
import type { Store } from '@carillon/persistence';
import { onTestFinished } from 'vitest';

const require = createRequire(import.meta.url);

/** Without the layer of callbacks that the package puts around it. */
export const MemoryPersistence: new () => object = require('aedes-persistence/asyncPersistence.js');

/** What lies beneath the layer of callbacks around a backend. */
export function innerOf(instance: object): object {
  const inner: unknown = Reflect.get(instance, 'asyncPersistence');
  if (typeof inner !== 'object' || inner === null) throw new Error('no instance in the instance');
  return inner;
}

export type Call = (...args: unknown[]) => unknown;

/** Makes a method of the instance behave otherwise. */
export function replaceMethod(
  instance: object,
  name: string,
  replacement: (original: Call) => unknown,
): void {
  const original: unknown = Reflect.get(instance, name);
  if (typeof original !== 'function') throw new Error(`no ${name}`);
  const value = replacement((...args) => Reflect.apply(original, instance, args));
  Object.defineProperty(instance, name, { value });
}

/** An instance in memory, one of whose methods behaves otherwise. */
export function memoryWith(name: string, replacement: (original: Call) => unknown): object {
  const instance = new MemoryPersistence();
  replaceMethod(instance, name, replacement);
  return instance;
}

/** Closes the store when the test is over. */
export function closing(store: Store): Store {
  onTestFinished(() => store.close());
  return store;
}
