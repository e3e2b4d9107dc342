import { Authority } from '@carillon/test-certificates';
import { expect, test } from 'vitest';
import { gate } from './gate.ts';
import { Service } from './service.ts';

async function serviceOf(authority: Authority) {
  const service = await Service.start(() => ({ allow: true }), {
    ...(await authority.server('localhost')),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  return { service, url: `https://localhost:${service.port}/mqtt` };
}

test('the service is asked over TLS, and knows the broker by its certificate', async () => {
  const authority = await Authority.create();
  const { service, url } = await serviceOf(authority);
  const { knock } = gate(url, { tls: { ca: authority.cert, ...(await authority.client('broker')) } });
  expect(await knock()).toMatchObject({ reasonCode: 0 });
  expect(service.asked).toHaveLength(1);
});

test('a service that nobody vouches for is told nothing', async () => {
  const { service, url } = await serviceOf(await Authority.create());
  const other = await Authority.create();
  for (const tls of [{}, { ca: other.cert }]) {
    const { knock } = gate(url, { tls });
    expect(await knock()).toMatchObject({ reasonCode: 0x88 });
  }
  expect(service.asked).toEqual([]);
});

test('a service with the name of another is told nothing, unless that name is expected', async () => {
  const authority = await Authority.create();
  const identity = await authority.server('elsewhere.example.com');
  const service = await Service.start(() => ({ allow: true }), identity);
  const url = `https://localhost:${service.port}/mqtt`;
  expect(await gate(url, { tls: { ca: authority.cert } }).knock()).toMatchObject({ reasonCode: 0x88 });
  expect(service.asked).toEqual([]);
  const tls = { ca: authority.cert, servername: 'elsewhere.example.com' };
  expect(await gate(url, { tls }).knock()).toMatchObject({ reasonCode: 0 });
});

test('a broker without a certificate is not answered by a service that asks for one', async () => {
  const authority = await Authority.create();
  const { service, url } = await serviceOf(authority);
  expect(await gate(url, { tls: { ca: authority.cert } }).knock()).toMatchObject({ reasonCode: 0x88 });
  expect(service.asked).toEqual([]);
});
