export { BridgeError, type BridgeErrorCode } from './bridge-error.ts';
export type { BridgeCondition, BridgeCounters, BridgeState } from './bridge-state.ts';
export type {
  BackOffOptions,
  BridgeOptions,
  BridgeTlsOptions,
  Credentials,
  MqttBridgeOptions,
} from './link-options.ts';
export { type MqttBridge, mqttBridge } from './mqtt-bridge.ts';
export { readTopicLine } from './topic-line.ts';
export type {
  Direction,
  MappedTopicOptions,
  PrefixedTopicOptions,
  RetainRule,
  TopicOptions,
} from './topic-options.ts';
export type { SwallowReason } from './translation.ts';
