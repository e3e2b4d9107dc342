export type { DecodedPacket } from './decode/packet.ts';
export { DecodedPublish } from './decode/publish.ts';
export type { PublishRun, RunLimits } from './decode/publish-run.ts';
export { encode, encodedLength, encodeInto } from './encode/packet.ts';
export { type EncodedPublish, encodePublish } from './encode/publish.ts';
export { EncodeError } from './encode-error.ts';
export type * from './packets.ts';
export { ProtocolError, type UnsupportedVersion } from './protocol-error.ts';
export { PacketReader, type PacketReaderOptions } from './reader.ts';
export { ConnectReturnCode, isReasonCodeFor, ReasonCode, reasonCodeName } from './reason-codes.ts';
export { TopicCache, type TopicCacheOptions } from './topic-cache.ts';
export {
  behindVariableByteInteger,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from './variable-byte-integer.ts';
