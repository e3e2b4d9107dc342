import { expect, test } from 'vitest';
import { plainAddress, TrustedNetworks } from '../src/networks.ts';

test.each([
  ['10.0.0.0/8', '10.200.3.4', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.1.1.1', true],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['fd00::/8', 'fd12::1', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['fd00::/8', '2001:db8::1', false],
  ['0.0.0.0/0', '203.0.113.7', true],
  ['0.0.0.0/0', '::1', false],
  ['::/0', '2001:db8::1', true],
  ['unix', 'unix', true],
  ['10.0.0.0/8', 'unix', false],
  ['unix', 'not an address', false],
])('%s and %s', (network, address, trusted) => {
  expect(new TrustedNetworks([network], 'trusted').has(address)).toBe(trusted);
});

test.each([
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0/8',
  'fd00::/129',
  'localhost',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  '',
])('%j is refused by name', (entry) => {
  expect(() => new TrustedNetworks(['127.0.0.1', entry], 'trusted')).toThrow(
    expect.objectContaining({
      code: 'LISTENER_OPTION_INVALID',
      message: expect.stringContaining(`trusted[1] is ${JSON.stringify(entry)}`),
    }),
  );
});

test('an IPv4-mapped address is written as IPv4', () => {
  expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(plainAddress('::FFFF:192.0.2.1')).toBe('192.0.2.1');
  expect(plainAddress('2001:db8::1')).toBe('2001:db8::1');
});
