import { fanOut } from './fan-out.ts';
import { pairs } from './pairs.ts';
import type { Scenario } from './scenario.ts';

/** In the order in which they run and tables show them. */
export const scenarios: readonly Scenario[] = [...pairs, ...fanOut];
