import { levelPersistence } from '@carillon/persistence-level';
import { MemoryLevel } from 'memory-level';
import { describe, expect, test } from 'vitest';
import type { BanRequest } from '../src/index.ts';
import { guardedBroker } from './guarded-broker.ts';

const from = (address: string) => ({ remote: { address, transport: 'tcp' } }) as const;

test('a guard by itself keeps nobody out', async () => {
  const { connect } = guardedBroker();
  await connect({ clientId: 'anybody' });
});

describe('a banned', () => {
  test.each([
    ['address', '192.0.2.7', '192.0.2.7'],
    ['address in the clothes of IPv6', '192.0.2.7', '::ffff:192.0.2.7'],
    ['range', '192.0.2.0/24', '192.0.2.200'],
    ['range of IPv6', '2001:db8::/32', '2001:db8:1::9'],
  ])('%s is not let in', async (_what, address, remote) => {
    const { ban, arrive, connect, refused } = guardedBroker();
    await ban({ address });
    await arrive(from(remote)).expectClosed();
    expect(refused).toMatchObject([{ what: 'connection', by: 'auth-guard', reason: 'banned' }]);
    await connect({ clientId: 'c' }, from('198.51.100.1'));
  });

  test('client id is refused with 0x8A and the reason', async () => {
    const { ban, arrive, connect } = guardedBroker();
    await ban({ clientId: 'pump7', reason: 'stolen' });
    expect(await arrive().connectPacket({ clientId: 'pump7' })).toMatchObject({
      reasonCode: 0x8a,
      properties: { reasonString: 'stolen' },
    });
    await connect({ clientId: 'pump8' });
  });

  test('user is refused', async () => {
    const { ban, arrive, connect } = guardedBroker();
    await ban({ user: 'mallory' });
    expect(await arrive().connectPacket({ username: 'mallory' })).toMatchObject({ reasonCode: 0x8a });
    await connect({ username: 'alice' });
  });

  test('user is disconnected when the authentication finds that it is him', async () => {
    const { ban, broker, connect } = guardedBroker();
    broker.use({ name: 'who', hooks: { authenticate: () => ({ allow: true, identity: 'mallory' }) } });
    await ban({ user: 'mallory' });
    const client = await connect({ username: 'alice' });
    await client.expectDisconnect(0x98);
  });

  test('method is no way around it', async () => {
    const { ban, broker, arrive } = guardedBroker();
    broker.use({ name: 'methods', hooks: { authenticateEnhanced: () => ({ allow: true }) } });
    await ban({ clientId: 'pump7' });
    const properties = { authenticationMethod: 'X' };
    expect(await arrive().connectPacket({ clientId: 'pump7', properties })).toMatchObject({
      reasonCode: 0x8a,
    });
  });
});

test('a ban ends the connections that are there', async () => {
  const { ban, connect } = guardedBroker();
  const near = await connect({ clientId: 'near' }, from('192.0.2.7'));
  const far = await connect({ clientId: 'far' }, from('198.51.100.1'));
  await ban({ address: '192.0.2.0/24' });
  await near.expectDisconnect(0x98);
  await far.ping();
});

test('a ban is listed, and lifted by its id', async () => {
  const { ban, lift, guard, connect, laboratory } = guardedBroker();
  const made = await ban({ clientId: 'pump7', reason: 'stolen' });
  expect(made).toEqual({
    id: 'clientId:pump7',
    kind: 'clientId',
    value: 'pump7',
    reason: 'stolen',
    since: laboratory.clock.now(),
  });
  expect(guard.bans()).toEqual([made]);
  expect(await lift(made.id)).toBe(true);
  expect(await lift(made.id)).toBe(false);
  expect(guard.bans()).toEqual([]);
  await connect({ clientId: 'pump7' });
});

test('a ban for a while ends by itself', async () => {
  const { ban, guard, laboratory, arrive, connect } = guardedBroker();
  await ban({ clientId: 'pump7', seconds: 60 });
  await laboratory.advance(59_000);
  expect(await arrive().connectPacket({ clientId: 'pump7' })).toMatchObject({ reasonCode: 0x8a });
  await laboratory.advance(1_000);
  expect(guard.bans()).toEqual([]);
  await connect({ clientId: 'pump7' });
});

test('bans are there again after a restart, when there is a store', async () => {
  const database = new MemoryLevel<string, Uint8Array>({ valueEncoding: 'view' });
  const persistence = () => levelPersistence({ database, durability: 'written' }).persistence;
  const stored = (): object => {
    const store = persistence();
    return store === undefined ? {} : { persistence: store };
  };
  const first = guardedBroker({}, stored());
  await first.broker.start();
  await first.ban({ address: '192.0.2.0/24', reason: 'scanning' });
  await first.ban({ clientId: 'over', seconds: 1 });
  const lifted = await first.ban({ user: 'forgiven' });
  await first.lift(lifted.id);
  const closed = first.broker.close({ within: 0 });
  await first.laboratory.settle();
  await closed;

  const second = guardedBroker({}, stored());
  await second.laboratory.advance(2_000);
  await second.broker.start();
  expect(second.guard.bans()).toMatchObject([{ id: 'address:192.0.2.0/24', reason: 'scanning' }]);
  await second.arrive(from('192.0.2.9')).expectClosed();
});

test('no client can see who is banned', async () => {
  const { ban, connect } = guardedBroker({}, { systemTopicInterval: 0 });
  const client = await connect({ clientId: 'curious' });
  const filters = ['#', '$carillon/#', '$SYS/#', '+/guard/#'];
  expect(await client.subscribe(filters)).toMatchObject({ reasonCodes: [0, 0x87, 0, 0] });
  await ban({ user: 'mallory' });
  await client.expectNothing();
});

test('there are at most so many bans', async () => {
  const { ban } = guardedBroker({ maximumBans: 1 });
  await ban({ user: 'a' });
  await ban({ user: 'a', reason: 'again' });
  await expect(ban({ user: 'b' })).rejects.toThrow('there are 1 bans already (maximumBans)');
});

test.each<[unknown, string]>([
  [{}, 'a ban needs an address, a clientId or a user'],
  [{ address: '192.0.2' }, 'address is "192.0.2"; it must be an IP address, or a range'],
  [{ address: '192.0.2.0/33' }, 'address is "192.0.2.0/33"; it must be an IP address'],
  [{ address: '::/129' }, 'address is "::/129"'],
  [{ address: '192.0.2.0/8/8' }, 'address is "192.0.2.0/8/8"'],
  [{ address: 7 }, 'address is 7'],
  [{ clientId: '' }, 'clientId is ""; it must be a text that is not empty'],
  [{ user: 'a', seconds: 0 }, 'seconds is 0; it must be a number above 0'],
  [{ user: 'a', reason: 1 }, 'reason is 1; it must be a text'],
])('a ban that cannot be is refused: %j', async (request, complaint) => {
  const { guard } = guardedBroker();
  const ban = (given: unknown): Promise<unknown> => Reflect.apply(guard.ban, guard, [given]);
  await expect(ban(request)).rejects.toThrow(complaint);
});

test('bans of the options are in force from the start', async () => {
  const request: BanRequest = { clientId: 'pump7' };
  const { arrive } = guardedBroker({ bans: [request] });
  expect(await arrive().connectPacket({ clientId: 'pump7' })).toMatchObject({ reasonCode: 0x8a });
});
