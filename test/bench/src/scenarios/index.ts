import { authorization } from './authorization.ts';
import { bridges } from './bridges.ts';
import { connections } from './connections.ts';
import { durable } from './durable.ts';
import { fanIn } from './fan-in.ts';
import { fanOut } from './fan-out.ts';
import { latency } from './latency.ts';
import { overload } from './overload.ts';
import { pairs } from './pairs.ts';
import { payloads } from './payloads.ts';
import { retained } from './retained.ts';
import type { Scenario } from './scenario.ts';
import { trees } from './trees.ts';
import { ways } from './ways.ts';

/** In the order in which they run and tables show them. */
export const scenarios: readonly Scenario[] = [
  ...pairs,
  ...fanOut,
  ...fanIn,
  ...latency,
  ...payloads,
  ...ways,
  ...authorization,
  ...connections,
  ...trees,
  ...retained,
  ...durable,
  ...bridges,
  ...overload,
];
