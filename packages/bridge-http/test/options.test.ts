import { expect, test } from 'vitest';
import { HttpBridgeOptionError, httpBridge } from '../src/index.ts';
import { defaultHttpLimits } from '../src/settings.ts';

test.each([
  ['{"pth":"/a"}', 'there is no pth'],
  ['{"path":"mqtt"}', 'path is a string; it must be a path such as "/mqtt"'],
  ['{"path":"/mqtt/"}', 'path'],
  ['{"authenticate":true}', 'authenticate is true; it must be a function'],
  ['{"realm":"a\\"b"}', 'realm'],
  ['{"cors":{}}', 'cors.origins'],
  ['{"cors":{"origins":["app.example.com"]}}', 'cors.origins[0] is a string; it must be an origin'],
  ['{"cors":{"origins":"*","credentials":true}}', 'cors.credentials is true; it must be false'],
  ['{"trustedProxies":["everybody"]}', 'trustedProxies[0] is "everybody"'],
  ['{"forwardedHeader":"x-real-ip"}', 'forwardedHeader'],
  ['{"limits":{"maximumBodyBytes":0}}', 'limits.maximumBodyBytes is the number 0'],
  ['{"limits":{"maximumBodies":1}}', 'there is no limits.maximumBodies'],
  ['[]', 'an object'],
])('%s is refused: %s', (options, reason) => {
  const make = () => httpBridge(JSON.parse(options));
  expect(make).toThrow(HttpBridgeOptionError);
  expect(make).toThrow(expect.objectContaining({ code: 'HTTP_BRIDGE_OPTION_INVALID' }));
  expect(make).toThrow(reason);
});

test('every limit can be what it is by default', () => {
  expect(() => httpBridge({ limits: defaultHttpLimits })).not.toThrow();
});
