export type { ByteChannel, ChannelReceiver, ClientCertificate, Remote, UpgradeRequest } from './channel.ts';
export type { Clock, Logger, RandomSource, ScheduledTask, Scheduler } from './platform.ts';
