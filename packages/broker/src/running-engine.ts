import type { Clock, DropReason, InProcessOptions, Logger, RandomSource, Scheduler } from '@carillon/hooks';
import { TopicCache } from '@carillon/protocol';
import type { TopicLimits } from '@carillon/topics';
import { ConnectionRegistry } from './connection/connection-registry.ts';
import { OutputSlab, type OutputSlabs } from './connection/output-slab.ts';
import type { Engine } from './engine.ts';
import { HookRegistry } from './hooks/registry.ts';
import type { EngineOptions, Platform } from './options/engine-options.ts';
import { type EngineSettings, settleOptions } from './options/engine-settings.ts';
import type { Content } from './publishing/content.ts';
import type { FanOut } from './publishing/fan-out.ts';
import { Publishing } from './publishing/publishing.ts';
import { RetainedMessages } from './retained/retained-messages.ts';
import { Router } from './routing/router.ts';
import { Sessions } from './session/sessions.ts';
import { Wills } from './session/wills.ts';
import { Storage } from './store/storage.ts';
import { Turn } from './store/turn.ts';
import { TrafficCounters } from './system/traffic-counters.ts';
import { Deadlines } from './time/deadlines.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Puts the parts of one broker together. */
export class RunningEngine implements Engine {
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
  readonly reservedIds = new Map<string, InProcessOptions>();
  readonly counters = new TrafficCounters();
  readonly outputSlabs: OutputSlabs = { packets: new OutputSlab(), acknowledgements: new OutputSlab() };
  readonly topicCache = new TopicCache();

  constructor(options: EngineOptions, platform: Platform) {
    this.options = settleOptions(options);
    const { limits, hookTimeout, overlappingSubscriptions } = this.options;
    const { durability, durabilityByTopic } = this.options;
    this.topicLimits = { maximumBytes: limits.maximumTopicBytes, maximumLevels: limits.maximumTopicLevels };
    this.clock = platform.clock;
    this.scheduler = platform.scheduler;
    this.random = platform.random;
    this.logger = options.logger ?? silent;
    this.deadlines = new Deadlines(platform.clock);
    this.hooks = new HookRegistry({
      clock: platform.clock,
      random: platform.random,
      logger: this.logger,
      defaultTimeout: hookTimeout,
    });
    this.storage = new Storage(options.persistence, durability, durabilityByTopic);
    this.turn = new Turn({
      scheduler: platform.scheduler,
      deadlines: this.deadlines,
      storage: this.storage,
      logger: this.logger,
      storeFailed: (error) => this.storeFailed('commit', error),
    });
    this.router = new Router({ copyPerFilter: overlappingSubscriptions === 'copy-per-filter' });
    this.sessions = new Sessions(this);
    this.retained = new RetainedMessages(this);
    this.wills = new Wills(this);
    this.publishing = new Publishing(this);
    this.connections = new ConnectionRegistry(limits);
  }

  now(): number {
    return this.clock.now();
  }

  drop(content: Content, reason: DropReason, clientId: string | undefined, fanOut?: FanOut): void {
    this.counters.publishDropped++;
    fanOut?.noteDropped(reason, clientId);
    const { dropped } = this.hooks.slots;
    if (dropped !== null) dropped({ message: content.message, reason, clientId });
  }

  storeFailed(during: 'commit' | 'read', error: Error): void {
    const store = this.storage.store.name;
    this.logger.error({ err: error, store, during }, 'the store failed');
    this.hooks.slots.storeFailed?.({ store, during, error });
  }
}
