import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { attach, listen } from '../src/index.ts';

/** Options as they come from a configuration file: of no type at all. */
function fromFile(json: string) {
  return JSON.parse(json);
}

test.each([
  ['null', 'options is null: give an object'],
  ['{}', 'port is undefined: give a port from 0 to 65535, or the path of a Unix socket'],
  ['{"port":"1883"}', "port is '1883': give a whole number from 0 to 65535"],
  ['{"port":65536}', 'port is 65536'],
  ['{"port":0,"host":""}', "host is ''"],
  ['{"port":0,"hots":"::1"}', 'hots is not an option: the options here are'],
  ['{"port":0,"mode":384}', 'mode is not an option'],
  ['{"port":0,"backlog":0}', 'backlog is 0: give a whole number from 1'],
  ['{"port":0,"maxHandshakes":1.5}', 'maxHandshakes is 1.5'],
  ['{"port":0,"handshakeTimeout":0}', 'handshakeTimeout is 0'],
  ['{"port":0,"lingerTimeout":-1}', 'lingerTimeout is -1'],
  ['{"port":0,"onRefused":true}', 'onRefused is true: give a function'],
  ['{"path":""}', "path is '': give a file path"],
  [`{"path":"/tmp/${'x'.repeat(120)}"}`, 'give a file path of 1 to 10'],
  ['{"path":"/tmp/x","mode":4096}', 'mode is 4096'],
  ['{"path":"/tmp/x","tls":{}}', 'tls is not an option'],
  ['{"port":0,"tls":{}}', 'tls.cert is undefined: give PEM text or bytes'],
  ['{"port":0,"tls":{"cert":"c"}}', 'tls.key is undefined'],
  ['{"port":0,"tls":{"cert":"c","key":"k","requestCert":true}}', 'tls.ca is undefined: give the authorities'],
  [
    '{"port":0,"tls":{"cert":"c","key":"k","minVersion":"TLSv1"}}',
    "tls.minVersion is 'TLSv1': give 'TLSv1.2' or 'TLSv1.3'",
  ],
  [
    '{"port":0,"tls":{"cert":"c","key":"k","sni":{"a.example":{"cert":"c"}}}}',
    "tls.sni['a.example'].key is undefined",
  ],
  ['{"port":0,"tls":{"cert":"c","key":"k","ciphers":"x"}}', 'tls.ciphers is not an option'],
  ['{"port":0,"websocket":"yes"}', 'websocket is '],
  ['{"port":0,"websocket":{"path":"mqtt"}}', "websocket.path is 'mqtt': give a path such as '/mqtt'"],
  ['{"port":0,"websocket":{"path":"/mqtt?x"}}', 'websocket.path is '],
  ['{"port":0,"websocket":{"maxPayload":0}}', 'websocket.maxPayload is 0'],
  [
    '{"port":0,"websocket":{"requireSubprotocol":"no"}}',
    "websocket.requireSubprotocol is 'no': give true or false",
  ],
  [
    '{"port":0,"websocket":{"origins":["app.example"]}}',
    "websocket.origins[0] is 'app.example': give an origin",
  ],
  ['{"port":0,"websocket":{"origins":["https://app.example/"]}}', 'websocket.origins[0] is '],
  [
    '{"port":0,"websocket":{"trustedProxies":["10.0.0.0/64"]}}',
    'websocket.trustedProxies[0] is "10.0.0.0/64"',
  ],
  ['{"port":0,"websocket":{"forwardedHeader":"via"}}', "websocket.forwardedHeader is 'via'"],
  ['{"port":0,"proxyProtocol":true}', 'proxyProtocol is true: give an object'],
  ['{"port":0,"proxyProtocol":{"trusted":[]}}', 'proxyProtocol.trusted is []'],
  ['{"port":0,"proxyProtocol":{"trusted":["proxy"]}}', 'proxyProtocol.trusted[0] is "proxy"'],
])('listen refuses %s', async (json, message) => {
  await expect(listen(fromFile(json), () => {})).rejects.toMatchObject({
    name: 'ListenerError',
    code: 'LISTENER_OPTION_INVALID',
    message: expect.stringContaining(message),
  });
});

test('certificates that OpenSSL cannot read are refused with its reason', async () => {
  await expect(listen({ port: 0, tls: { cert: 'x', key: 'y' } }, () => {})).rejects.toMatchObject({
    code: 'LISTENER_TLS_INVALID',
    message: expect.stringContaining('tls: certificate, key or ca cannot be used'),
    cause: expect.any(Error),
  });
});

test.each([
  ['{"path":"mqtt"}', "path is 'mqtt'"],
  ['{"maxPayload":-1}', 'maxPayload is -1'],
  ['{"port":1883}', 'port is not an option'],
])('attach refuses %s', (json, message) => {
  expect(() => attach(createServer(), fromFile(json), () => {})).toThrow(
    expect.objectContaining({ code: 'LISTENER_OPTION_INVALID', message: expect.stringContaining(message) }),
  );
});
