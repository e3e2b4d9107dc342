import { expect, test } from 'vitest';
import { type ForwardedHeader, forwardedClient } from '../src/forwarded.ts';
import { TrustedNetworks } from '../src/networks.ts';

const trusted = new TrustedNetworks(['10.0.0.0/8', 'fd00::/8', 'unix'], 'trustedProxies');

function client(peer: string, headers: Record<string, string>, header: ForwardedHeader = 'x-forwarded-for') {
  return forwardedClient(peer, headers, { trusted, header });
}

test('a peer that is no trusted proxy is not believed', () => {
  expect(client('192.0.2.9', { 'x-forwarded-for': '203.0.113.7' })).toBeUndefined();
});

test('a trusted proxy that says nothing leaves its own address', () => {
  expect(client('10.0.0.1', {})).toBeUndefined();
});

test('a trusted proxy tells the client', () => {
  expect(client('10.0.0.1', { 'x-forwarded-for': '203.0.113.7' })).toEqual({ address: '203.0.113.7' });
});

test('a proxy on a Unix socket is believed when unix is trusted', () => {
  expect(client('unix', { 'x-forwarded-for': '203.0.113.7' })).toEqual({ address: '203.0.113.7' });
});

test('the right-most hop that is not trusted is the client; what stands left of it may be invented', () => {
  const headers = { 'x-forwarded-for': '1.1.1.1, 203.0.113.7, 10.2.3.4' };
  expect(client('10.0.0.1', headers)).toEqual({ address: '203.0.113.7' });
});

test('when all hops are trusted the left-most is the client', () => {
  expect(client('10.0.0.1', { 'x-forwarded-for': '10.9.9.9, 10.2.3.4' })).toEqual({ address: '10.9.9.9' });
});

test('a hop that is no address ends the search at the last one known', () => {
  const headers = { 'x-forwarded-for': '203.0.113.7, unknown, 10.2.3.4' };
  expect(client('10.0.0.1', headers)).toEqual({ address: '10.2.3.4' });
});

test.each([
  ['203.0.113.7:4711', { address: '203.0.113.7', port: 4711 }],
  ['2001:db8::7', { address: '2001:db8::7' }],
  ['[2001:db8::7]', { address: '2001:db8::7' }],
  ['[2001:db8::7]:4711', { address: '2001:db8::7', port: 4711 }],
  ['::ffff:203.0.113.7', { address: '203.0.113.7' }],
  ['203.0.113.7:99999', { address: '203.0.113.7' }],
])('a hop may be written %s', (entry, expected) => {
  expect(client('10.0.0.1', { 'x-forwarded-for': entry })).toEqual(expected);
});

test.each([
  ['https', true],
  ['wss', true],
  ['http', false],
  ['https, http', false],
])('x-forwarded-proto %s is the word of the nearest proxy', (proto, encrypted) => {
  const headers = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': proto };
  expect(client('10.0.0.1', headers)).toEqual({ address: '203.0.113.7', encrypted });
});

test('the Forwarded header is read when it is the one the proxies write', () => {
  const forwarded =
    'for=1.1.1.1, For="[2001:db8:cafe::17]:4711";proto=https;by=203.0.113.43, for=10.2.3.4;proto=http';
  expect(client('10.0.0.1', { forwarded }, 'forwarded')).toEqual({
    address: '2001:db8:cafe::17',
    port: 4711,
    encrypted: true,
  });
});

test('the header that the proxies do not write is ignored', () => {
  const headers = { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=1.1.1.1' };
  expect(client('10.0.0.1', headers)).toEqual({ address: '203.0.113.7' });
  expect(client('10.0.0.1', headers, 'forwarded')).toEqual({ address: '1.1.1.1' });
});

test('a quote that the client opened does not swallow what the proxy appended', () => {
  expect(client('10.0.0.1', { 'x-forwarded-for': '"1.1.1.1, 203.0.113.7' })).toEqual({
    address: '203.0.113.7',
  });
  const forwarded = 'for="1.1.1.1, for=203.0.113.7';
  expect(client('10.0.0.1', { forwarded }, 'forwarded')).toEqual({ address: '203.0.113.7' });
});

test('a separator within quotes separates nothing', () => {
  const forwarded = 'for=203.0.113.7;host="a,b;c";proto=https';
  expect(client('10.0.0.1', { forwarded }, 'forwarded')).toEqual({ address: '203.0.113.7', encrypted: true });
});
