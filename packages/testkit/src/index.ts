export type { BytePipeOptions } from './byte-pipe.ts';
export { type ChannelPairOptions, channelPair } from './channel-pair.ts';
export { describePacket } from './describe-packet.ts';
export { ExpectationError } from './expectation-error.ts';
export {
  type Fault,
  FaultPlan,
  type FaultPlanOptions,
  InjectedFault,
  type PlannedCall,
} from './fault-plan.ts';
export { type ChannelFaults, faultyChannel } from './faulty-channel.ts';
export { Laboratory, type LaboratoryOptions, type Platform } from './laboratory.ts';
export { type MalformedPacket, malformedPackets } from './malformed-packets.ts';
export { ManualClock, type ManualClockOptions } from './manual-clock.ts';
export { ManualScheduler, type ManualSchedulerOptions, type PendingTask } from './manual-scheduler.ts';
export { MemoryChannel } from './memory-channel.ts';
export {
  type ConnectionTarget,
  type LaboratoryClientOptions,
  PacketClient,
  type PacketClientOptions,
  type PublishOptions,
  type RealClientOptions,
  type ReceivedMessage,
  type SubscribeOptions,
} from './packet-client.ts';
export type { ClientChannel, PacketConnection, PacketFields, PacketOf } from './packet-connection.ts';
export type {
  ConnectDraft,
  PacketDraft,
  PayloadDraft,
  SubscriptionDraft,
  WillDraft,
} from './packet-draft.ts';
export { randomPacket } from './random-packet.ts';
export { type LogRecord, type RecordingLogger, recordingLogger } from './recording-logger.ts';
export { type Seed, type SeededRandom, seededRandom } from './seeded-random.ts';
export type { RealTimeOptions, World } from './world.ts';
