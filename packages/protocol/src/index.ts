export { DecodedPublish } from './decode/publish.ts';
export { encode, encodedLength, encodeInto } from './encode/packet.ts';
export { type EncodedPublish, encodePublish } from './encode/publish.ts';
export { EncodeError } from './encode-error.ts';
export type * from './packets.ts';
export { ProtocolError, type UnsupportedVersion } from './protocol-error.ts';
export { PacketReader, type PacketReaderOptions } from './reader.ts';
export { ConnectReturnCode, isReasonCodeFor, ReasonCode, reasonCodeName } from './reason-codes.ts';
export { TopicCache, type TopicCacheOptions } from './topic-cache.ts';
