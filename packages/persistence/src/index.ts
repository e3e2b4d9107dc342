export {
  type CopyProgress,
  type CopyStoreOptions,
  copyStore,
  progressAfter,
  type ReadStoreOptions,
  readStore,
  refuseContents,
  StoreNotEmptyError,
  type StorePage,
} from './copy-store.ts';
export { memoryStore } from './memory-store.ts';
export type { Message, MessageOrigin } from './message.ts';
export type {
  DeliveryState,
  QueueEntry,
  QueueLoss,
  QueueSummary,
  SessionRecord,
  SubscriptionRecord,
  WillRecord,
} from './records.ts';
export type {
  Durability,
  MaybePromise,
  PageLimits,
  Store,
  StoreCapabilities,
  StoredRecord,
  StoreOperation,
} from './store.ts';
export { StoreError, type StoreFailure } from './store-error.ts';
