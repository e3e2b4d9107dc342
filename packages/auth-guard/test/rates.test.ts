import type { Grant } from 'carillon';
import { describe, expect, test } from 'vitest';
import { authGuard } from '../src/index.ts';
import { TokenBucket } from '../src/token-bucket.ts';
import { guardedBroker } from './guarded-broker.ts';

describe('a client that publishes faster than it may', () => {
  test('is read from more slowly, and loses nothing', async () => {
    const { connect, laboratory } = guardedBroker({ rates: { messages: { perSecond: 2, burst: 2 } } });
    const subscriber = await connect({ clientId: 's' });
    await subscriber.subscribe('#');
    const publisher = await connect({ clientId: 'p' });
    for (let number = 1; number <= 6; number++) publisher.publishOnly('t', String(number));
    await laboratory.settle();
    expect(subscriber.unread).toBe(2);
    await laboratory.advance(500);
    expect(subscriber.unread).toBe(3);
    await laboratory.advance(1_500);
    expect(subscriber.unread).toBe(6);
  });

  test('is disconnected with 0x96 when it does not heed it', async () => {
    const rates = { messages: { perSecond: 1, burst: 1 }, patience: 5 };
    const { connect, laboratory } = guardedBroker({ rates });
    const publisher = await connect({ clientId: 'p' });
    for (let number = 1; number <= 20; number++) publisher.publishOnly('t', String(number));
    await laboratory.advance(10_000);
    await publisher.expectDisconnect(0x96);
  });

  test('does not slow others down', async () => {
    const { connect } = guardedBroker({ rates: { messages: { perSecond: 1, burst: 1 } } });
    const busy = await connect({ clientId: 'busy' });
    for (let number = 1; number <= 5; number++) busy.publishOnly('t', String(number));
    const quiet = await connect({ clientId: 'quiet' });
    expect(await quiet.publish('t', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  });

  test('counts bytes, where that is the limit', async () => {
    const { connect, laboratory } = guardedBroker({ rates: { bytes: { perSecond: 100, burst: 100 } } });
    const publisher = await connect({ clientId: 'p' });
    expect(await publisher.publish('t', 'x'.repeat(99), { qos: 1 })).toBeDefined();
    publisher.publishOnly('t', 'x'.repeat(49), { qos: 1 });
    await laboratory.advance(499);
    await publisher.expectNothing();
    await laboratory.advance(1);
    await publisher.expect('puback', { reasonCode: 0x10 });
  });

  test('has the rate that its authentication gave it', async () => {
    const { broker, connect, laboratory } = guardedBroker();
    const grant = (clientId: string): Grant =>
      clientId === 'small' ? { allow: true, limits: { publishRate: 1 } } : { allow: true };
    broker.use({ name: 'plans', hooks: { authenticate: ({ clientId }) => grant(clientId) } });
    const large = await connect({ clientId: 'large' });
    const small = await connect({ clientId: 'small' });
    for (const client of [large, small]) {
      for (let number = 1; number <= 3; number++) client.publishOnly('t', String(number));
    }
    await laboratory.settle();
    expect(broker.counters().publishReceived).toBe(3 + 2);
    await laboratory.advance(2_000);
    expect(broker.counters().publishReceived).toBe(3 + 3);
  });
});

test('a client that comes and goes all the time is kept waiting', async () => {
  const { arrive, laboratory } = guardedBroker({ flapping: { connects: 3, within: 60, delay: 5 } });
  for (let time = 0; time < 3; time++) {
    expect(await arrive().connectPacket({ clientId: 'restless' })).toMatchObject({ reasonCode: 0 });
  }
  const fourth = arrive();
  fourth.send({ type: 'connect', clientId: 'restless' });
  await laboratory.advance(4_999);
  await fourth.expectNothing();
  await laboratory.advance(1);
  await fourth.expect('connack', { reasonCode: 0 });
});

test('an address that opens too many connections is made to wait, then refused', async () => {
  const { arrive, laboratory, refused } = guardedBroker({
    rates: { connects: { perSecond: 1, burst: 2 } },
    maximumWaiting: 1,
  });
  const remote = { address: '192.0.2.1', transport: 'tcp' } as const;
  for (const clientId of ['a', 'b']) {
    expect(await arrive({ remote }).connectPacket({ clientId })).toMatchObject({ reasonCode: 0 });
  }
  const third = arrive({ remote });
  third.send({ type: 'connect', clientId: 'c' });
  await arrive({ remote }).expectClosed();
  expect(refused).toMatchObject([{ what: 'connection', by: 'auth-guard', reason: 'too many connections' }]);
  await laboratory.advance(1_000);
  await third.expect('connack', { reasonCode: 0 });
});

test('a bucket fills up to its burst and no further', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 20 }, 0);
  expect(bucket.take(20, 0)).toBe(0);
  expect(bucket.take(1, 0)).toBe(100);
  expect(bucket.strainedFor(50)).toBe(50);
  expect(bucket.take(20, 1_000_000)).toBe(0);
  expect(bucket.strainedFor(1_000_000)).toBe(0);
  expect(bucket.take(1, 1_000_000)).toBe(100);
});

test.each<[unknown, string]>([
  [{ bans: 'x' }, 'bans is a string; it must be a list'],
  [{ bans: [{ address: 'x' }] }, 'address is "x"'],
  [{ rate: {} }, 'there is no rate; there are bans,'],
  [
    { rates: { messages: { perSecond: 0 } } },
    'rates.messages.perSecond is the number 0; it must be a number above 0',
  ],
  [{ rates: { messages: 5 } }, 'rates.messages is the number 5; it must be an object with perSecond, burst'],
  [{ backOff: { delay: -1 } }, 'backOff.delay is the number -1; it must be a number, 0 or more'],
  [{ flapping: { connects: 0 } }, 'flapping.connects is the number 0; it must be a number, 1 or more'],
  [{ flapping: { window: 1 } }, 'there is no flapping.window; there are connects, within, delay'],
])('options that cannot be are refused: %j', (options, complaint) => {
  expect(() => Reflect.apply(authGuard, undefined, [options])).toThrow(complaint);
});
