export type { BytePipeOptions } from './byte-pipe.ts';
export { type ChannelPairOptions, channelPair } from './channel-pair.ts';
export { Laboratory, type LaboratoryOptions, type Platform } from './laboratory.ts';
export { ManualClock, type ManualClockOptions } from './manual-clock.ts';
export { ManualScheduler, type ManualSchedulerOptions, type PendingTask } from './manual-scheduler.ts';
export { MemoryChannel } from './memory-channel.ts';
export { type LogRecord, type RecordingLogger, recordingLogger } from './recording-logger.ts';
export { type Seed, type SeededRandom, seededRandom } from './seeded-random.ts';
