export { EngineBroker } from './broker.ts';
export { HookError, type HookErrorCode } from './hooks/hook-error.ts';
export { nearNames } from './hooks/near-names.ts';
export { InvalidPluginError, PluginError } from './hooks/plugin-error.ts';
export { BrokerError } from './host/broker-error.ts';
export type {
  EngineOptions,
  Limits,
  Platform,
  QueueOverflow,
  ShareStrategy,
} from './options/engine-options.ts';
export { defaultLimits, type EngineSettings, limitRanges, settleOptions } from './options/engine-settings.ts';
export { OptionError } from './options/option-error.ts';
export type { TopicDurability } from './options/topic-durability.ts';
export { PublishError } from './publishing/publish-error.ts';
