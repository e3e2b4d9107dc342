import type { Clock, DropReason, InProcessOptions, Logger, RandomSource, Scheduler } from '@carillon/hooks';
import type { TopicCache } from '@carillon/protocol';
import type { TopicLimits } from '@carillon/topics';
import type { ConnectionRegistry } from './connection/connection-registry.ts';
import type { OutputSlabs } from './connection/output-slab.ts';
import type { HookRegistry } from './hooks/registry.ts';
import type { EngineSettings } from './options/engine-settings.ts';
import type { Content } from './publishing/content.ts';
import type { FanOut } from './publishing/fan-out.ts';
import type { Publishing } from './publishing/publishing.ts';
import type { RetainedMessages } from './retained/retained-messages.ts';
import type { Router } from './routing/router.ts';
import type { Sessions } from './session/sessions.ts';
import type { Wills } from './session/wills.ts';
import type { Storage } from './store/storage.ts';
import type { Turn } from './store/turn.ts';
import type { TrafficCounters } from './system/traffic-counters.ts';
import type { Deadlines } from './time/deadlines.ts';

/**
 * The parts of one running broker, as they see each other. Each part owns its state; nothing here is global,
 * so brokers in one process share nothing.
 */
export interface Engine {
  readonly options: EngineSettings;
  readonly topicLimits: TopicLimits;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  readonly hooks: HookRegistry;
  readonly storage: Storage;
  readonly turn: Turn;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly retained: RetainedMessages;
  readonly wills: Wills;
  readonly publishing: Publishing;
  readonly connections: ConnectionRegistry;
  /** Client ids that belong to plugins of this process, and as what. */
  readonly reservedIds: Map<string, InProcessOptions>;
  readonly counters: TrafficCounters;
  readonly outputSlabs: OutputSlabs;
  readonly topicCache: TopicCache;
  /** Milliseconds since 1970. */
  now(): number;
  /** Counts and tells that a message, or somebody's copy of it, was dropped. */
  drop(content: Content, reason: DropReason, clientId: string | undefined, fanOut?: FanOut): void;
  /** The store could not do what was asked. */
  storeFailed(during: 'commit' | 'read', error: Error): void;
}
