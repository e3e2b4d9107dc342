import { expect, test } from 'vitest';
import { HttpAuthOptionError, type HttpAuthOptions, httpAuth } from '../src/index.ts';

const url = 'https://accounts.example.com/mqtt';

/** As it comes from JSON: of any form. */
function asOptions(value: unknown): HttpAuthOptions {
  return JSON.parse(JSON.stringify(value));
}

test.each<[unknown, string]>([
  ['x', 'option (all of them) is a string; it must be an object with url.'],
  [{}, 'option url is undefined; it must be the address of the service.'],
  [{ url, timout: 1 }, 'option there is no timout; there are url,'],
  [{ url: 'accounts' }, 'option url is no address that begins with https:'],
  [{ url: 'ftp://a/' }, 'option url is no address that begins with https:'],
  [
    { url: 'http://accounts.example.com' },
    'option url has to begin with https:, or allowHttp has to be true',
  ],
  [{ url: 'https://a:b@example.com' }, 'a secret belongs into headers'],
  [{ url: 'https://example.com?key=7a5d' }, 'a secret belongs into headers'],
  [{ url, authenticate: false, authorize: false }, 'authenticate and authorize are both false'],
  [{ url, authorize: 'https://evil.example/' }, 'option authorize leads away from url: it has to be a path'],
  [
    { url, headers: { 'a b': 'c' } },
    'option a name in headers is a string; it must be the name of a header.',
  ],
  [
    { url, headers: { a: 'b\r\nc: d' } },
    'option headers.a is a string; it must be text that a header can have.',
  ],
  [{ url, headers: { a: 7 } }, 'option headers.a is the number 7'],
  [{ url, timeout: 0 }, 'option timeout is the number 0; it must be a whole number from 10 to 60000.'],
  [{ url, parallel: 0 }, 'option parallel is the number 0'],
  [{ url, waiting: -1 }, 'option waiting is the number -1'],
  [{ url, maximumAnswerSize: 1 }, 'option maximumAnswerSize is the number 1'],
  [
    { url, cache: { ttl: 1 } },
    'option there is no cache.ttl; there are cacheFor, maximumCacheFor, maximumEntries.',
  ],
  [{ url, breaker: { failures: 0 } }, 'option breaker.failures is the number 0'],
  [{ url, tls: { cert: 'x' } }, 'option tls has cert without key, or key without cert'],
  [{ url, tls: { ca: 7 } }, 'option tls.ca is the number 7; it must be PEM, as text or bytes.'],
  [{ url, tls: { cert: 'x', key: 'y' } }, 'option tls cannot be used: '],
])('%j is a mistake that is told', (options, message) => {
  expect(() => httpAuth(asOptions(options))).toThrow(HttpAuthOptionError);
  expect(() => httpAuth(asOptions(options))).toThrow(message);
});
