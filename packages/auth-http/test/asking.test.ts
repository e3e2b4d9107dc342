import { expect, test } from 'vitest';
import { gate } from './gate.ts';
import { Service } from './service.ts';

const certificate = {
  authorized: true,
  subject: { CN: 'truck-7', OU: ['a', 'b'] },
  issuer: { CN: 'fleet' },
  subjectAlternativeName: 'DNS:truck-7',
  fingerprint256: 'AA:BB',
  serialNumber: '01',
  validFrom: 0,
  validTo: 1,
  raw: new Uint8Array(3),
};

test('the service is told who comes, and from where', async () => {
  const service = await Service.start();
  const { knock } = gate(service, { forwardHeaders: ['Cookie', 'x-absent'], authorize: false });
  const remote = {
    transport: 'wss',
    encrypted: true,
    address: '192.0.2.7',
    port: 40_000,
    listener: 'wss://0.0.0.0:443',
    serverName: 'mqtt.example.com',
    certificate,
    request: { url: '/mqtt?a=b', headers: { cookie: 'session=1', authorization: 'Bearer x' } },
  } as const;
  const connack = await knock(
    { clientId: 'truck-7', username: 'anna', password: Buffer.from('tick-töck'), cleanStart: true },
    remote,
  );
  expect(connack.reasonCode).toBe(0);
  const { raw: _, validFrom: __, validTo: ___, ...told } = certificate;
  expect(service.asked).toMatchObject([{ path: '/mqtt/authenticate' }]);
  expect(service.asked[0]?.body).toEqual({
    clientId: 'truck-7',
    username: 'anna',
    password: 'tick-töck',
    protocolVersion: 5,
    cleanStart: true,
    remote: {
      transport: 'wss',
      encrypted: true,
      address: '192.0.2.7',
      listener: 'wss://0.0.0.0:443',
      serverName: 'mqtt.example.com',
      certificate: told,
      request: { url: '/mqtt?a=b', headers: { cookie: 'session=1' } },
    },
  });
});

test('a password that is not text comes in base64', async () => {
  const service = await Service.start();
  const { knock } = gate(service);
  await knock({ username: 'anna', password: Buffer.from([0xff, 0x00]) });
  expect(service.asked[0]?.body).toMatchObject({ passwordBase64: '/wA=' });
  expect(service.asked[0]?.body).not.toHaveProperty('password');
});

test('an answer carries everything that a grant can', async () => {
  const expiresAt = 1_800_000_060_000;
  const service = await Service.start(() => ({
    allow: true,
    identity: 'anna',
    groups: ['drivers'],
    mountPoint: 'tenants/7/',
    permissions: { publish: ['out/#'], subscribe: ['in/#'], receive: ['in/#'] },
    limits: { maximumQoS: 1, serverKeepAlive: 600 },
    expiresAt,
    userProperties: [['plan', 'free']],
    reasonString: 'welcome',
    assignedClientId: 'truck-7',
    responseInformation: 'replies/7',
  }));
  const { arrive, broker, laboratory } = gate(service, { authorize: false });
  const client = arrive();
  const properties = { requestResponseInformation: 1 } as const;
  expect(await client.connectPacket({ clientId: '', keepAlive: 600, properties })).toMatchObject({
    properties: {
      assignedClientIdentifier: 'truck-7',
      maximumQoS: 1,
      reasonString: 'welcome',
      responseInformation: 'replies/7',
      userProperties: [['plan', 'free']],
    },
  });
  expect(broker.client('truck-7')).toMatchObject({
    identity: 'anna',
    groups: ['drivers'],
    mountPoint: 'tenants/7/',
  });
  expect(await client.publish('out/1', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  expect(await client.publish('in/1', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  await laboratory.advance(60_000);
  await client.expectDisconnect(0x87);
});

test('a no has the reason the service gives, and a redirect leads elsewhere', async () => {
  const service = await Service.start();
  const { knock, refused } = gate(service, { cache: { cacheFor: 0 } });
  service.answer = () => ({ allow: false });
  expect(await knock()).toMatchObject({ reasonCode: 0x87 });
  service.answer = () => ({
    allow: false,
    reasonCode: 0x86,
    reasonString: 'who?',
    userProperties: [['a', 'b']],
  });
  expect(await knock()).toMatchObject({
    reasonCode: 0x86,
    properties: { reasonString: 'who?', userProperties: [['a', 'b']] },
  });
  service.answer = () => ({ allow: false, reasonCode: 0x9d, serverReference: 'eu.example.com' });
  expect(await knock()).toMatchObject({
    reasonCode: 0x9d,
    properties: { serverReference: 'eu.example.com' },
  });
  expect(refused).toMatchObject([
    { what: 'connect', by: 'auth-http', reasonCode: 0x87 },
    { by: 'auth-http', reasonCode: 0x86 },
    { by: 'auth-http', reasonCode: 0x9d },
  ]);
});

test('whom the service does not know the next plugin is asked about', async () => {
  const service = await Service.start(() => ({ allow: null }));
  const { knock, broker } = gate(service, { authorize: false });
  expect(await knock()).toMatchObject({ reasonCode: 0x87 });
  broker.use({ name: 'table', hooks: { authenticate: ({ username }) => username === 'root' } });
  expect(await knock({ username: 'root' })).toMatchObject({ reasonCode: 0 });
});

test('the service says who may publish and subscribe, in the words of the client', async () => {
  const service = await Service.start(({ path, body }) => {
    if (path.endsWith('authenticate')) return { allow: true, identity: 'anna', mountPoint: 't/' };
    if (body.action === 'publish')
      return body.topic === 'a' ? { allow: true } : { allow: false, reasonCode: 0x97 };
    return body.filter === 'a/#' ? { allow: true, maximumQoS: 1 } : { allow: false };
  });
  const { enter, refused } = gate(service);
  const client = await enter({ clientId: 'c', username: 'u' });
  expect(await client.publish('a', 'x', { qos: 1, retain: true })).toMatchObject({ reasonCode: 0x10 });
  expect(await client.publish('b', 'x', { qos: 2 })).toMatchObject({ reasonCode: 0x97 });
  expect(
    await client.subscribe([
      { filter: 'a/#', qos: 2 },
      { filter: '$share/g/a/#', qos: 2 },
      { filter: 'b', qos: 0 },
    ]),
  ).toMatchObject({ reasonCodes: [1, 1, 0x87] });
  const about = {
    clientId: 'c',
    identity: 'anna',
    username: 'u',
    groups: [],
    mountPoint: 't/',
    protocolVersion: 5,
  };
  expect(service.asked.slice(1).map(({ body }) => body)).toEqual([
    {
      action: 'publish',
      topic: 'a',
      qos: 1,
      retain: true,
      origin: 'client',
      publisherId: 'c',
      client: about,
    },
    {
      action: 'publish',
      topic: 'b',
      qos: 2,
      retain: false,
      origin: 'client',
      publisherId: 'c',
      client: about,
    },
    { action: 'subscribe', filter: 'a/#', qos: 2, client: about },
    { action: 'subscribe', filter: 'a/#', shareName: 'g', qos: 2, client: about },
    { action: 'subscribe', filter: 'b', qos: 0, client: about },
  ]);
  expect(refused.map(({ what, topic }) => `${what} ${topic}`)).toEqual(['publish b', 'subscribe b']);
});

test('a Will is asked about as well, and is not sent where the answer is no', async () => {
  const service = await Service.start(({ body }) => ({ allow: body.origin !== 'will' }));
  const { enter, broker } = gate(service);
  const heard: string[] = [];
  broker.subscribe('#', ({ topic }) => void heard.push(topic));
  const client = await enter({ clientId: 'w', will: { topic: 'gone', payload: Buffer.from('x') } });
  await client.drop();
  const watcher = await enter();
  await watcher.publish('after', 'x', { qos: 1 });
  expect(service.asked.map(({ body }) => body.origin)).toContain('will');
  expect(heard).toEqual(['after']);
});

test('headers and paths are those of the options', async () => {
  const service = await Service.start();
  const { enter } = gate(`${service.url}/v1`, {
    authenticate: 'who?by=carillon',
    authorize: '/may',
    headers: { authorization: 'Bearer 7a5d', 'x-broker': 'b1' },
  });
  const client = await enter();
  await client.subscribe('a');
  expect(service.asked.map(({ path }) => path)).toEqual(['/mqtt/v1/who?by=carillon', '/mqtt/v1/may']);
  for (const { headers } of service.asked) {
    expect(headers).toMatchObject({
      authorization: 'Bearer 7a5d',
      'x-broker': 'b1',
      'content-type': 'application/json',
      accept: 'application/json',
    });
  }
});

test('what is not to be asked is not asked', async () => {
  const service = await Service.start();
  const onlyWho = gate(service, { authorize: false });
  const client = await onlyWho.enter();
  await client.subscribe('a');
  const onlyWhat = gate(service, { authenticate: false });
  const other = await onlyWhat.enter();
  await other.publish('b', 'x', { qos: 1 });
  expect(service.asked.map(({ path }) => path)).toEqual(['/mqtt/authenticate', '/mqtt/authorize']);
});

test('a hundred questions go over the connections that are there', async () => {
  const service = await Service.start();
  const { enter } = gate(service, { parallel: 2 });
  const client = await enter();
  for (let number = 0; number < 50; number++) await client.publish(`t/${number}`, 'x', { qos: 1 });
  expect(service.asked).toHaveLength(51);
  expect(new Set(service.asked.map(({ connection }) => connection)).size).toBe(1);
});
