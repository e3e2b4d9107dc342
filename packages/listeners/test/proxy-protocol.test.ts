import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../src/crc32c.ts';
import { type ProxyHeader, parseProxyHeader } from '../src/proxy-protocol.ts';

const signature = '0d0a0d0a 000d0a51 5549540a';

function hex(...parts: string[]): Buffer {
  return Buffer.from(parts.join('').replace(/\s/g, ''), 'hex');
}

function text(line: string): Buffer {
  return Buffer.from(line, 'latin1');
}

const unixAddresses = '00'.repeat(216);

/** A header with a checksum that holds, unless it is spoilt. */
function withChecksum(spoil: boolean): Buffer {
  const header = hex(signature, '21 11 0013', 'c0000201 c6336401 dc04 01bb', '03 0004 00000000');
  header.writeUInt32BE(crc32c(header) ^ (spoil ? 1 : 0), header.length - 4);
  return header;
}

const headers: readonly [string, Buffer, ProxyHeader][] = [
  [
    'version 1, TCP over IPv4',
    text('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'),
    { version: 1, source: { address: '192.0.2.1', port: 56324 }, encrypted: false },
  ],
  [
    'version 1, TCP over IPv6',
    text('PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n'),
    { version: 1, source: { address: '2001:db8::1', port: 0 }, encrypted: false },
  ],
  [
    'version 1 at its full length of 107 bytes',
    text(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`),
    { version: 1, encrypted: false },
  ],
  ['version 1, unknown', text('PROXY UNKNOWN\r\n'), { version: 1, encrypted: false }],
  ['version 2, LOCAL', hex(signature, '20 00 0000'), { version: 2, encrypted: false }],
  [
    'version 2, LOCAL with bytes that must be ignored',
    hex(signature, '20 11 0003', 'ffffff'),
    { version: 2, encrypted: false },
  ],
  [
    'version 2, TCP over IPv4',
    hex(signature, '21 11 000c', 'c0000201 c6336401 dc04 01bb'),
    { version: 2, source: { address: '192.0.2.1', port: 56324 }, encrypted: false },
  ],
  [
    'version 2, TCP over IPv6',
    hex(
      signature,
      '21 21 0024',
      '20010db8000000000000000000000001',
      '20010db8000000000000000000000002',
      'dc04 01bb',
    ),
    { version: 2, source: { address: '2001:db8::1', port: 56324 }, encrypted: false },
  ],
  ['version 2, Unix socket', hex(signature, '21 31 00d8', unixAddresses), { version: 2, encrypted: false }],
  ['version 2, unspecified family', hex(signature, '21 00 0002', 'ffff'), { version: 2, encrypted: false }],
  [
    'version 2, TLS before the proxy, with the name that was asked for',
    hex(
      signature,
      '21 11 0024',
      'c0000201 c6336401 dc04 01bb',
      // PP2_TYPE_AUTHORITY "a.test"
      '02 0006 612e74657374',
      // PP2_TYPE_SSL: client 0x01, verify 0, PP2_SUBTYPE_SSL_VERSION ""; then PP2_TYPE_NOOP of no length
      '20 0008 01 00000000 21 0000',
      '04 0001 00',
    ),
    { version: 2, source: { address: '192.0.2.1', port: 56324 }, encrypted: true, serverName: 'a.test' },
  ],
  [
    'version 2, a client that did not speak TLS to the proxy',
    hex(signature, '21 11 0014', 'c0000201 c6336401 dc04 01bb', '20 0005 00 00000000'),
    { version: 2, source: { address: '192.0.2.1', port: 56324 }, encrypted: false },
  ],
  [
    'version 2, a checksum that holds',
    withChecksum(false),
    { version: 2, source: { address: '192.0.2.1', port: 56324 }, encrypted: false },
  ],
];

describe.each(headers)('%s', (_name, bytes, header) => {
  test('is read, and what follows is left to the stream', () => {
    const parsed = parseProxyHeader(Buffer.concat([bytes, text('\x10\x0c\0\x04MQTT')]));
    expect(parsed).toEqual({ kind: 'header', length: bytes.length, header });
  });

  test('is incomplete wherever it is cut', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(parseProxyHeader(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' });
    }
  });
});

test.each([
  ['no line end within 107 bytes', text(`PROXY UNKNOWN ${'f'.repeat(93)}`)],
  ['a line end after 107 bytes', text(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`)],
  ['another protocol', text('PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n')],
  ['a field missing', text('PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n')],
  ['a field too many', text('PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n')],
  ['two spaces', text('PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n')],
  ['an IPv6 address in TCP4', text('PROXY TCP4 ::1 198.51.100.1 1 2\r\n')],
  ['an IPv4 address in TCP6', text('PROXY TCP6 ::1 198.51.100.1 1 2\r\n')],
  ['a name for an address', text('PROXY TCP4 localhost 198.51.100.1 1 2\r\n')],
  ['a port above 65535', text('PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n')],
  ['a port with a leading zero', text('PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n')],
  ['a negative port', text('PROXY TCP4 192.0.2.1 198.51.100.1 1 -2\r\n')],
  ['version 3', hex(signature, '31 11 0000')],
  ['an unknown command', hex(signature, '22 11 0000')],
  ['a datagram', hex(signature, '21 12 000c', 'c0000201 c6336401 dc04 01bb')],
  ['an unknown family', hex(signature, '21 41 0000')],
  ['addresses cut off', hex(signature, '21 11 000b', 'c0000201 c6336401 dc04 01')],
  [
    'a TLV that goes beyond the header',
    hex(signature, '21 11 0010', 'c0000201 c6336401 dc04 01bb', '04 0002 00'),
  ],
  ['a TLV without its length', hex(signature, '21 11 000e', 'c0000201 c6336401 dc04 01bb', '04 00')],
  [
    'a checksum of three bytes',
    hex(signature, '21 11 0012', 'c0000201 c6336401 dc04 01bb', '03 0003 000000'),
  ],
  ['a checksum that does not hold', withChecksum(true)],
  ['a length no proxy needs', hex(signature, '21 11 ffff')],
])('malformed: %s', (_name, bytes) => {
  expect(parseProxyHeader(bytes)).toMatchObject({ kind: 'malformed' });
});

test.each([
  ['an MQTT CONNECT', text('\x10\x0c\0\x04MQTT')],
  ['a TLS ClientHello', hex('16 0301')],
  ['an HTTP request', text('GET /mqtt HTTP/1.1\r\n')],
  ['a line that begins with another P', text('POST / HTTP/1.1\r\n')],
  ['a signature with one wrong byte', hex('0d0a0d0a 000d0a51 5549540b')],
])('no header: %s', (_name, bytes) => {
  expect(parseProxyHeader(bytes)).toEqual({ kind: 'absent' });
});

test('any bytes after the signature give an answer and never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
      const { kind } = parseProxyHeader(Buffer.concat([hex(signature), tail]));
      expect(['incomplete', 'malformed', 'header']).toContain(kind);
    }),
    { numRuns: 500 },
  );
});

test('the checksum is CRC-32C', () => {
  // RFC 3720, appendix B.4: 32 bytes of zeros, and the check value of the catalogues.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(text('123456789'))).toBe(0xe3069283);
});
