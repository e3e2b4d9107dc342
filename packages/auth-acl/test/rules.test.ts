import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientCertificate, Grant, Remote } from '@carillon/hooks';
import { Laboratory, recordingLogger } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AclError, type AclOptions, aclAuth } from '../src/index.ts';

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-acl-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'acl.txt');
  writeFileSync(file, text);
  return file;
}

/** A broker with these rules, and one client before it. */
async function houseWith(
  rules: string,
  {
    clientId = 'c1',
    grant = {},
    remote = {},
    ...options
  }: Omit<AclOptions, 'rules'> & {
    clientId?: string;
    grant?: Omit<Grant, 'allow'>;
    remote?: Partial<Remote>;
  } = {},
) {
  const logger = recordingLogger();
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform, logger });
  const file = fileWith(rules);
  const acl = aclAuth({ file, ...options });
  broker.use({ name: 'gate', hooks: { authenticate: () => ({ allow: true, ...grant }) } });
  broker.use(acl);
  const draft = { clientId, cleanStart: false, properties: { sessionExpiryInterval: 100 } };
  const client = await laboratory.connect(broker, draft, { remote });
  return { broker, client, acl, file, logger, laboratory, draft };
}

const certificate: ClientCertificate = {
  authorized: true,
  subject: { CN: 'device7', O: 'Acme', OU: ['depot', 'north'] },
  issuer: { CN: 'authority' },
  subjectAlternativeName: 'DNS:device7.example, URI:urn:device:7',
  fingerprint256: Array.from({ length: 32 }, () => 'AB').join(':'),
  serialNumber: '1',
  validFrom: 0,
  validTo: 1,
  raw: new Uint8Array(0),
};

describe('who a rule is about', () => {
  const tls: Partial<Remote> = { certificate };
  test.each<[string, boolean, Parameters<typeof houseWith>[1]]>([
    ['', true, {}],
    ['user=ann', true, { grant: { identity: 'ann' } }],
    ['user=ann', false, { grant: { identity: 'anna' } }],
    ['user=ann', false, {}],
    ['user="Ann Lee"', true, { grant: { identity: 'Ann Lee' } }],
    ['anonymous', true, {}],
    ['anonymous', false, { grant: { identity: 'ann' } }],
    ['client=c1', true, {}],
    ['client=c1', false, { clientId: 'c2' }],
    ['group=crew', true, { grant: { groups: ['night', 'crew'] } }],
    ['group=crew', false, { grant: { groups: ['night'] } }],
    ['group=crew user=ann', false, { grant: { groups: ['crew'], identity: 'bob' } }],
    ['address=10.0.0.0/8', true, { remote: { address: '10.1.2.3', family: 'IPv4' } }],
    ['address=10.0.0.0/8', true, { remote: { address: '::ffff:10.1.2.3', family: 'IPv6' } }],
    ['address=10.0.0.0/8', false, { remote: { address: '11.1.2.3', family: 'IPv4' } }],
    ['address=10.0.0.0/8', false, {}],
    ['address=192.0.2.7', false, { remote: { address: '192.0.2.8', family: 'IPv4' } }],
    ['address=2001:db8::/32', true, { remote: { address: '2001:db8:1::1', family: 'IPv6' } }],
    ['address=2001:db8::/32', false, { remote: { address: '2001:db9::1', family: 'IPv6' } }],
    ['cn=device7', true, { remote: tls }],
    ['cn=device8', false, { remote: tls }],
    ['cn=device7', false, {}],
    ['cn=device7', false, { remote: { certificate: { ...certificate, authorized: false } } }],
    ['subject.OU=north subject.O=Acme', true, { remote: tls }],
    ['subject.OU=south', false, { remote: tls }],
    ['subject.constructor=x', false, { remote: tls }],
    ['san=DNS:device7.example', true, { remote: tls }],
    ['san=URI:urn:device:7', true, { remote: tls }],
    ['san=DNS:device7', false, { remote: tls }],
    [`fingerprint=${'ab'.repeat(32)}`, true, { remote: tls }],
    [`fingerprint=${'ac'.repeat(32)}`, false, { remote: tls }],
  ])('%s: %s', async (conditions, allowed, who) => {
    const { client } = await houseWith(`allow publish t ${conditions}`, who);
    expect((await client.publish('t', '', { qos: 1 })).reasonCode).toBe(allowed ? 0x10 : 0x87);
  });
});

describe('placeholders', () => {
  const rules = 'allow publish own/%c/x\nallow publish mine/%u\nallow publish dev-%c/#';
  test('stand for client id and identity, also within a level', async () => {
    const { client } = await houseWith(rules, { grant: { identity: 'ann' } });
    for (const topic of ['own/c1/x', 'mine/ann', 'dev-c1/a/b']) {
      expect((await client.publish(topic, '', { qos: 1 })).reasonCode).toBe(0x10);
    }
    for (const topic of ['own/c2/x', 'mine/bob', 'mine/%u', 'dev-c2/a', 'dev-/a']) {
      expect((await client.publish(topic, '', { qos: 1 })).reasonCode).toBe(0x87);
    }
  });

  test.each(['+', '#', 'a/b', 'a+', 'x#', '$SYS', ''])('never widen a rule by the name %j', async (name) => {
    const { client } = await houseWith(`${rules}\ndeny publish secret/%u/x\nallow publish secret/#`, {
      clientId: name === '' ? 'c1' : name,
      grant: { identity: name },
    });
    for (const topic of ['own/c2/x', 'mine/bob', 'mine', 'dev-x/a', 'a/b', 'secret/any/x']) {
      expect((await client.publish(topic, '', { qos: 1 })).reasonCode).toBe(0x87);
    }
    expect((await client.publish('secret/any', '', { qos: 1 })).reasonCode).toBe(0x10);
  });
});

describe('limits', () => {
  const rules = 'allow publish,subscribe a/# qos=1 retain=no\nallow all #';
  test('refuse what is above them and lower subscriptions', async () => {
    const { client } = await houseWith(rules);
    expect((await client.publish('a/x', '', { qos: 2 })).reasonCode).toBe(0x87);
    expect((await client.publish('a/x', '', { qos: 1, retain: true })).reasonCode).toBe(0x87);
    expect((await client.publish('b', '', { qos: 2, retain: true })).reasonCode).toBe(0);
    expect((await client.subscribe(['a/+', 'b', '#'], { qos: 2 })).reasonCodes).toEqual([1, 2, 1]);
  });
});

describe('a subscription that is wider than the rules', () => {
  const rules = 'deny receive a/secret\nallow subscribe a/+ qos=1\nallow subscribe b';
  test('is refused', async () => {
    const { client } = await houseWith(rules);
    const { reasonCodes } = await client.subscribe([
      'a/x',
      'a/+',
      'a/#',
      '#',
      'c',
      '$share/g/a/+',
      '$share/g/#',
    ]);
    expect(reasonCodes).toEqual([0, 0, 0x87, 0x87, 0x87, 0, 0x87]);
  });

  test('or granted, and narrowed at delivery, retained messages included', async () => {
    const { client, broker, laboratory } = await houseWith(rules, { subscriptions: 'narrow' });
    void broker.publish('a/kept', 'retained', { retain: true });
    void broker.publish('a/secret', 'retained', { retain: true });
    await laboratory.settle();
    const { reasonCodes } = await client.subscribe(['#', 'c', 'a/#', '$SYS/#'], { qos: 2 });
    expect(reasonCodes).toEqual([1, 0x87, 1, 0x87]);
    for (const topic of ['a/secret', 'c', 'b', 'a/x/y']) void broker.publish(topic, topic);
    await laboratory.settle();
    const topics = new Set([(await client.receiveMessage()).topic, (await client.receiveMessage()).topic]);
    expect(topics.has('a/kept')).toBe(true);
    expect((await client.receiveMessage()).topic).toBe('b');
    await client.expectNothing();
  });
});

describe('a file that changes', () => {
  test('is in force at once, and ends what is not allowed any more', async () => {
    const { client, broker, acl, file, laboratory } = await houseWith('allow all #');
    await client.subscribe(['a', 'b'], { qos: 1 });
    await client.publish('a', 'cached', { qos: 1 });
    await client.receiveMessage();
    writeFileSync(file, 'allow subscribe b   \n');
    await laboratory.advance(1000);
    await acl.reload();
    expect((await client.publish('a', '', { qos: 1 })).reasonCode).toBe(0x87);
    expect(broker.subscriptions('c1').map(({ filter }) => filter)).toEqual(['b']);
  });

  test('keeps the last good rules while it is broken or gone, and says so once', async () => {
    const { client, acl, file, logger, laboratory } = await houseWith('allow publish a');
    writeFileSync(file, 'allow publish a\nallow pub b');
    for (let look = 0; look < 3; look++) await laboratory.advance(1000);
    await acl.reload();
    rmSync(file);
    await acl.reload();
    expect((await client.publish('a', '', { qos: 1 })).reasonCode).toBe(0x10);
    expect(logger.messages('error').map((message) => message.replaceAll(file, 'FILE'))).toEqual([
      expect.stringContaining('the rules before stay in force: FILE, line 2, column 7: "pub" is no action'),
      expect.stringContaining('the rules before stay in force: FILE cannot be read: ENOENT'),
    ]);
  });
});

test('rules speak of topics as a tenant knows them', async () => {
  const { client, broker } = await houseWith('allow publish,subscribe in/#', {
    grant: { mountPoint: 'tenants/7/' },
  });
  await client.subscribe('in/#');
  await client.publish('in/x', 'y', { qos: 1 });
  expect((await client.receiveMessage()).topic).toBe('in/x');
  expect((await client.publish('tenants/7/in/x', '', { qos: 1 })).reasonCode).toBe(0x87);
  const { steps } = await broker.explain('c1', 'receive', 'in/x');
  expect(steps).toContainEqual(expect.objectContaining({ detail: expect.stringContaining('line 1: allow') }));
});

test('a message that depends on an address waits for a client that is away, and is decided when it is back', async () => {
  const { client, broker, laboratory, draft } = await houseWith('allow all t address=10.0.0.1', {
    remote: { address: '10.0.0.1', family: 'IPv4' },
  });
  await client.subscribe('t', { qos: 1 });
  await client.disconnect();
  void broker.publish('t', 'x', { qos: 1 });
  await laboratory.settle();
  expect(broker.session('c1')).toMatchObject({ queued: 1 });
  const elsewhere = await laboratory.connect(broker, draft, {
    remote: { address: '10.0.0.2', family: 'IPv4' },
  });
  await elsewhere.expectNothing();
  expect(broker.subscriptions('c1')).toEqual([]);
});

describe('a mistake is told with its place and what would be right', () => {
  test.each([
    ['allows publish a', 'line 1, column 1: "allows" begins no rule; write allow or deny'],
    ['\n  deny', 'line 2, column 7: what is allowed or denied is missing: publish'],
    ['allow publish', 'line 1, column 14: the topic filter is missing'],
    ['allow publish,write a', 'line 1, column 15: "write" is no action; there are publish'],
    ['allow publish a/#/b', 'line 1, column 15: "a/#/b" is no topic filter'],
    ['allow publish $share/g/a', 'line 1, column 15: a rule is about topics, shared or not'],
    ['allow publish $%u/a', 'line 1, column 15: "$%u" has a placeholder'],
    ['allow publish a usr=x', 'line 1, column 17: "usr=x" is no condition; there are user='],
    ['allow publish a user=x user=y', 'line 1, column 24: user stands twice'],
    ['allow publish a user=', 'line 1, column 17: user= has no value'],
    ['allow publish a user="x', 'line 1, column 22: the quote is not closed'],
    ['allow publish a user=x anonymous', 'line 1, column 24: nobody has a name and is anonymous'],
    ['allow publish a address=10.0.0.0/33', 'line 1, column 17: "10.0.0.0/33" is no address or range'],
    ['allow publish a address=ten', 'line 1, column 17: "ten" is no address or range'],
    ['allow publish a fingerprint=ab', 'line 1, column 17: the fingerprint is none of SHA-256'],
    ['allow publish a san=device7', 'line 1, column 17: "device7" has no kind; write DNS:device7'],
    ['allow publish a qos=3', 'line 1, column 17: qos=3 is none'],
    ['allow publish a retain=maybe', 'line 1, column 17: retain=maybe is neither yes nor no'],
    ['deny publish a qos=1', 'line 1, column 16: qos belongs to rules that allow'],
  ])('%j', (text, message) => {
    const file = fileWith(text);
    expect(() => aclAuth({ file })).toThrow(message);
    expect(() => aclAuth({ file })).toThrow(AclError);
  });

  test.each([
    ['topics a', 'line 1, column 1: "topics" begins no line'],
    ['topic', 'line 1, column 6: "topic" has nothing after it'],
    ['user ann\ntopic reads a', 'line 2, column 7: "reads" is no access'],
    ['topic read a/#/b', 'line 1, column 12: "a/#/b" is no topic filter'],
  ])('in a file of Mosquitto: %j', (text, message) => {
    const mosquittoFile = fileWith(text);
    expect(() => aclAuth({ mosquittoFile })).toThrow(message);
  });

  test('in options and objects', () => {
    expect(() => aclAuth({})).toThrow('give exactly one of rules, file and mosquittoFile');
    expect(() => aclAuth({ rules: [], file: 'x' })).toThrow('give exactly one');
    expect(() => aclAuth({ rules: [], cachedTopics: 0 })).toThrow(
      'cachedTopics is the number 0; it must be a whole number',
    );
    const rule = { effect: 'allow', actions: ['publish'], topic: 'a/#/b' } as const;
    expect(() => aclAuth({ rules: [rule] })).toThrow('rule 1: "a/#/b" is no topic filter');
  });
});
