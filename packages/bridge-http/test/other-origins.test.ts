import { expect, test } from 'vitest';
import { basic, bridgedServer } from './bridged-server.ts';

const page = 'https://app.example.com';

test('a page of another origin sends nothing and reads nothing, unless it is named', async () => {
  const host = await bridgedServer();
  const origins = [
    { origin: page },
    { origin: 'null' },
    { origin: page, 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of origins) {
    expect(await host.raw('POST', '/topics/a', headers, 'x')).toMatchObject({ status: 403 });
  }
  expect(await host.raw('GET', '/topics/a', { origin: page })).toMatchObject({ status: 403 });
  await expect(host.events('filter=a', { origin: page })).rejects.toThrow('403');
});

test('a page of the host itself, and what is no page, may', async () => {
  const host = await bridgedServer();
  const own = [
    {},
    { 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy' },
    { 'sec-fetch-site': 'none' },
    { origin: host.url },
  ];
  for (const headers of own) {
    expect(await host.raw('POST', '/topics/a', headers, 'x')).toMatchObject({ status: 200 });
  }
  // Somebody follows a link.
  expect(await host.raw('GET', '/topics/a', { 'sec-fetch-site': 'cross-site' })).toMatchObject({
    status: 404,
  });
});

test('a page that is named may read the answers', async () => {
  const host = await bridgedServer({ cors: { origins: [page], credentials: true } });
  const answer = await host.raw('POST', '/topics/a', { origin: page, 'sec-fetch-site': 'cross-site' }, 'x');
  expect(answer).toMatchObject({
    status: 200,
    headers: {
      'access-control-allow-origin': page,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    },
  });
  const stream = await host.events('filter=a', { origin: page });
  expect(stream.response.headers['access-control-allow-origin']).toBe(page);
  expect(await host.raw('POST', '/topics/a', { origin: 'https://evil.example' }, 'x')).toMatchObject({
    status: 403,
  });
});

test('a refusal can be read by a page that is named', async () => {
  const host = await bridgedServer({ cors: { origins: [page] }, authenticate: () => undefined });
  const answer = await host.raw('POST', '/topics/a', { origin: page }, 'x');
  expect(answer).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': page } });
});

test('a preflight is answered for pages that are named', async () => {
  const host = await bridgedServer({ cors: { origins: [page], maximumAge: 60 } });
  const ask = (origin: string) =>
    host.raw('OPTIONS', '/topics/a', { origin, 'access-control-request-method': 'PUT' });
  expect(await ask(page)).toMatchObject({
    status: 204,
    headers: {
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
      'access-control-allow-headers': expect.stringContaining('Mqtt-User-Property'),
      'access-control-max-age': '60',
    },
  });
  const { headers } = await ask('https://evil.example');
  expect(headers['access-control-allow-origin']).toBeUndefined();
  expect(headers['access-control-allow-methods']).toBeUndefined();
});

test('where all pages may send, none sends in the name of whoever looks at it', async () => {
  const host = await bridgedServer({ cors: { origins: '*' } });
  const post = (headers: Record<string, string>) =>
    host.raw('POST', '/topics/a', { origin: page, 'sec-fetch-site': 'cross-site', ...headers }, 'x');
  expect(await post({})).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': '*' } });
  expect(await post({ authorization: 'Bearer token' })).toMatchObject({ status: 200 });
  expect(await post({ cookie: 'session=1' })).toMatchObject({ status: 403 });
  expect(await post(basic('vera', 'sesame'))).toMatchObject({ status: 403 });
});
