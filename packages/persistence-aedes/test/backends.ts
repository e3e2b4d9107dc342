import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import aedesPersistenceLevel from 'aedes-persistence-level';
import aedesPersistenceMongodb from 'aedes-persistence-mongodb';
import { Level } from 'level';
import { onTestFinished } from 'vitest';
import { type AedesStoreOptions, orderedLevel } from '../src/index.ts';
import { DocumentDatabase, type QueryOrder } from './document-database.ts';

const require = createRequire(import.meta.url);
/** Their types say that they are something else. */
export const aedesMemory: () => object = require('aedes-persistence');
export const aedesMemory10: () => object = require('aedes-persistence-10');

/** A backend whose instances come and go while what they store stays. */
export interface TestBackend {
  readonly name: string;
  /** A place of its own for this test. */
  place(): Promise<TestPlace>;
}

export interface TestPlace {
  /** As the next process would have it. */
  instance(): object;
  /** What the death of the process does to the place, where it does anything. */
  crash?(): Promise<void>;
  readonly options: AedesStoreOptions;
}

/** Recorded warnings: tests that expect some look here. */
export function warnings(): {
  readonly logger: Required<AedesStoreOptions>['logger'];
  readonly all: string[];
} {
  const all: string[] = [];
  return { all, logger: { warn: (_details, message) => all.push(message) } };
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-aedes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const silent = { logger: { warn: () => {} } };

function levelPlace(wrap: (level: Level) => object, finish: (instance: object) => object = (it) => it) {
  return async (): Promise<TestPlace> => {
    const folder = await temporaryFolder();
    let level: Level | undefined;
    return {
      instance: () => {
        level = new Level(folder);
        return finish(aedesPersistenceLevel(wrap(level)));
      },
      // The lock goes with the process.
      crash: async () => level?.close(),
      options: silent,
    };
  };
}

export const levelBackend: TestBackend = {
  name: 'aedes-persistence-level',
  place: levelPlace((level) => level),
};

export const orderedLevelBackend: TestBackend = {
  name: 'aedes-persistence-level on an ordered level',
  place: levelPlace((level) => orderedLevel(level)),
};

/** What backends looked like before version 10: no `setup`, and every method calls back. */
export const callbackBackend: TestBackend = {
  name: 'a backend with callbacks only',
  place: levelPlace((level) => level, callbacksOnly),
};

function callbacksOnly(instance: object): object {
  const hidden: ReadonlySet<string | symbol> = new Set(['asyncPersistence', 'setup']);
  return new Proxy(instance, {
    get(target, name) {
      const value: unknown = hidden.has(name) ? undefined : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    has: (target, name) => !hidden.has(name) && Reflect.has(target, name),
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/** The same instance serves both brokers: nothing else would survive. */
export const memoryBackend: TestBackend = {
  name: 'aedes-persistence in memory',
  place: async () => {
    const instance = aedesMemory();
    return { instance: () => instance, options: silent };
  },
};

export const memory10Backend: TestBackend = {
  name: 'aedes-persistence 10 in memory',
  place: async () => {
    const instance = aedesMemory10();
    return { instance: () => instance, options: silent };
  },
};

/** The real backend, on what stands for a server. */
export function mongoBackend(name: string, order: QueryOrder): TestBackend {
  return {
    name: `aedes-persistence-mongodb, queries ${name}`,
    place: async () => {
      const db = new DocumentDatabase(order);
      return { instance: () => aedesPersistenceMongodb({ db }), options: silent };
    },
  };
}

/** MongoDB promises no order. */
export const mongoInOrder = mongoBackend('in the order of arrival', (documents) => documents);
export const mongoInNoOrder = mongoBackend('in no order', (documents) => documents.toReversed());
