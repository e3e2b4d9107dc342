import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { crc32c } from './crc32c.ts';

/** What a PROXY protocol header says. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** The client's end; `undefined` when the proxy speaks for itself (LOCAL) or does not know (UNKNOWN). */
  readonly source?: { readonly address: string; readonly port: number };
  /** True when the client spoke TLS to the proxy (version 2 only). */
  readonly encrypted: boolean;
  /** The host name the client asked for (version 2 only, PP2_TYPE_AUTHORITY). */
  readonly serverName?: string;
}

/** What the first bytes of a connection are, as far as the PROXY protocol goes. */
export type ProxyParse =
  /** They may become a header: more bytes are needed. */
  | { readonly kind: 'incomplete' }
  /** They are no header. */
  | { readonly kind: 'absent' }
  /** They began as a header and broke the rules. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** The first `length` bytes are a header; what follows belongs to the stream. */
  | { readonly kind: 'header'; readonly length: number; readonly header: ProxyHeader };

/** Of a version 1 header, CRLF included. */
const v1MaxLength = 107;
/** Of a version 2 header; the field could say 65551, no proxy fills a fourth of it. */
const v2MaxLength = 16 * 1024;
const v2FixedLength = 16;
const v1Prefix = Buffer.from('PROXY ', 'latin1');
const v2Signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

const incomplete: ProxyParse = { kind: 'incomplete' };

/**
 * Looks for a header of the PROXY protocol, version 1 or 2, at the start of `bytes`: everything that has come
 * since the connection began. Keeps no state: call again with more when the answer is `incomplete`.
 *
 * @see https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
 */
export function parseProxyHeader(bytes: Uint8Array): ProxyParse {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (beginsLike(input, v2Signature)) return parseVersion2(input);
  if (beginsLike(input, v1Prefix)) return parseVersion1(input);
  return { kind: 'absent' };
}

function beginsLike(input: Buffer, pattern: Buffer): boolean {
  const length = Math.min(input.length, pattern.length);
  return input.subarray(0, length).equals(pattern.subarray(0, length));
}

function malformed(reason: string): ProxyParse {
  return { kind: 'malformed', reason };
}

/** `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n`, or `PROXY UNKNOWN` and anything up to CRLF. */
function parseVersion1(input: Buffer): ProxyParse {
  const end = input.subarray(0, v1MaxLength).indexOf('\r\n', 0, 'latin1');
  if (end < 0) {
    return input.length < v1MaxLength ? incomplete : malformed(`no line end within ${v1MaxLength} bytes`);
  }
  const length = end + 2;
  const fields = input.toString('latin1', v1Prefix.length, end).split(' ');
  const [family, source = '', destination = '', sourcePort = '', destinationPort = ''] = fields;
  if (family === 'UNKNOWN') return { kind: 'header', length, header: { version: 1, encrypted: false } };
  if (family !== 'TCP4' && family !== 'TCP6') return malformed('the protocol is not TCP4, TCP6 or UNKNOWN');
  if (fields.length !== 5) return malformed('the line does not have six fields');
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6;
  if (!isAddress(source) || !isAddress(destination)) return malformed(`an address does not fit ${family}`);
  if (!isPort(sourcePort) || !isPort(destinationPort)) return malformed('a port is not a number up to 65535');
  const header = {
    version: 1,
    source: { address: source, port: Number(sourcePort) },
    encrypted: false,
  } as const;
  return { kind: 'header', length, header };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535;
}

/*
 *   0             12         13       14      16
 *   | signature … | ver cmd  | family | length | addresses … | TLVs …
 */
function parseVersion2(input: Buffer): ProxyParse {
  if (input.length < v2FixedLength) return incomplete;
  const version = input.readUInt8(12) >> 4;
  const command = input.readUInt8(12) & 0x0f;
  const length = v2FixedLength + input.readUInt16BE(14);
  if (version !== 2) return malformed(`version ${version} is unknown`);
  if (command > 1) return malformed(`command ${command} is unknown`);
  if (length > v2MaxLength) return malformed(`${length} bytes are too many`);
  if (input.length < length) return incomplete;
  // LOCAL: the proxy speaks for itself; the rest of the header must be ignored.
  if (command === 0) return { kind: 'header', length, header: { version: 2, encrypted: false } };
  return parseProxied(input.subarray(0, length));
}

/** Family and protocol, as one byte, to the length of the addresses. */
const addressLengths = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
  [0x31, 216],
]);

function parseProxied(block: Buffer): ProxyParse {
  const family = block.readUInt8(13);
  const addressLength = addressLengths.get(family);
  if (addressLength === undefined)
    return malformed(`family and protocol 0x${family.toString(16)} are no stream`);
  const tlvStart = v2FixedLength + addressLength;
  if (block.length < tlvStart) return malformed('the addresses are cut off');
  // For an unspecified family nothing that follows can be relied on.
  const tlvs = family === 0 ? readNoTlvs() : readTlvs(block, tlvStart);
  if (tlvs === null) return malformed('a TLV is cut off');
  if (tlvs.crc !== undefined && !crcHolds(block, tlvs.crc)) return malformed('the checksum does not hold');
  const source = readSource(block, family);
  const header = {
    version: 2,
    encrypted: tlvs.encrypted,
    ...(source !== undefined && { source }),
    ...(tlvs.serverName !== undefined && { serverName: tlvs.serverName }),
  } as const;
  return { kind: 'header', length: block.length, header };
}

function readSource(block: Buffer, family: number): ProxyHeader['source'] {
  const at = v2FixedLength;
  if (family === 0x11) {
    return { address: block.subarray(at, at + 4).join('.'), port: block.readUInt16BE(at + 8) };
  }
  if (family === 0x21) {
    const groups = Array.from({ length: 8 }, (_, i) => block.readUInt16BE(at + 2 * i).toString(16));
    const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
    return { address, port: block.readUInt16BE(at + 32) };
  }
  return undefined;
}

interface Tlvs {
  encrypted: boolean;
  serverName?: string;
  /** Where the four bytes of the checksum are. */
  crc?: number;
}

const typeAuthority = 0x02;
const typeCrc32c = 0x03;
const typeSsl = 0x20;
/** First byte of PP2_TYPE_SSL, bit 0: the client connected over TLS. */
const clientSsl = 0x01;

function readNoTlvs(): Tlvs {
  return { encrypted: false };
}

/** @returns `null` when a TLV goes beyond the header. */
function readTlvs(block: Buffer, start: number): Tlvs | null {
  const tlvs: Tlvs = { encrypted: false };
  let at = start;
  while (at < block.length) {
    if (at + 3 > block.length) return null;
    const type = block.readUInt8(at);
    const valueStart = at + 3;
    const valueEnd = valueStart + block.readUInt16BE(at + 1);
    if (valueEnd > block.length) return null;
    const value = block.subarray(valueStart, valueEnd);
    if (type === typeAuthority) tlvs.serverName = value.toString('utf8');
    if (type === typeSsl) tlvs.encrypted = ((value[0] ?? 0) & clientSsl) !== 0;
    if (type === typeCrc32c) {
      if (value.length !== 4) return null;
      tlvs.crc = valueStart;
    }
    at = valueEnd;
  }
  return tlvs;
}

/** The checksum is taken over the whole header with its own four bytes as zeros. */
function crcHolds(block: Buffer, at: number): boolean {
  const copy = Buffer.from(block);
  copy.fill(0, at, at + 4);
  return crc32c(copy) === block.readUInt32BE(at);
}
