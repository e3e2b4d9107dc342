export type * from './packets.ts';
