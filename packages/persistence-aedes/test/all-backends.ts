import {
  callbackBackend,
  levelBackend,
  memory10Backend,
  memoryBackend,
  mongoInNoOrder,
  mongoInOrder,
  orderedLevelBackend,
  type TestBackend,
} from './backends.ts';
import { redisBackend, redisIsInstalled } from './redis.ts';

/** What every test of behaviour runs on. */
export const allBackends: readonly TestBackend[] = [
  levelBackend,
  orderedLevelBackend,
  callbackBackend,
  memoryBackend,
  memory10Backend,
  mongoInOrder,
  mongoInNoOrder,
  ...(redisIsInstalled ? [redisBackend] : []),
];
