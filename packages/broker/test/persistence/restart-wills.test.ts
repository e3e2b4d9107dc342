import type { PluginHooks, Principal } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { Restarts } from './restarts.ts';

const kept = { cleanStart: false, properties: { sessionExpiryInterval: 3600 } };
const minute = 60_000;

/** Somebody who listens for wills, before and after restarts. */
async function houseWithWatcher() {
  const house = new Restarts();
  const watcher = await house.connect({ clientId: 'watcher', ...kept });
  await watcher.subscribe('gone', { qos: 1 });
  return house;
}

function will(willDelayInterval = 0, more: object = {}) {
  return { topic: 'gone', payload: 'bye', qos: 1 as const, properties: { willDelayInterval }, ...more };
}

test('the will of a client that was connected goes out when the broker comes back after it was killed', async () => {
  const house = await houseWithWatcher();
  await house.connect({ clientId: 'client', ...kept, will: will() });
  await house.crashAndStart(minute);
  const watcher = await house.resume('watcher');
  expect(await watcher.receiveMessage()).toMatchObject({ topic: 'gone', text: 'bye', qos: 1 });
  await watcher.expectNothing();
});

test('so does the will of a client whose session ended with its connection', async () => {
  const house = await houseWithWatcher();
  await house.connect({ clientId: 'client', will: will() });
  await house.crashAndStart(minute);
  expect((await (await house.resume('watcher')).receiveMessage()).text).toBe('bye');
  expect(house.broker.session('client')).toBeUndefined();
});

test('it goes out also when the client is back before anything else has happened', async () => {
  const house = await houseWithWatcher();
  await house.connect({ clientId: 'client', ...kept, will: will() });
  await house.crashAndStart();
  await house.connect({ clientId: 'client', ...kept, will: { ...will(), payload: 'another' } });
  const watcher = await house.resume('watcher');
  expect((await watcher.receiveMessage()).text).toBe('bye');
  await watcher.expectNothing();
});

test('it goes out once, however often the broker comes back', async () => {
  const house = await houseWithWatcher();
  await house.connect({ clientId: 'client', ...kept, will: will() });
  await house.crashAndStart();
  await (await house.resume('watcher')).receiveMessage();
  await house.crashAndStart();
  await (await house.resume('watcher')).expectNothing();
});

test('with a delay, it waits for its time from the restart on, and does not go out when the client is back before', async () => {
  const house = await houseWithWatcher();
  await house.connect({ clientId: 'back', ...kept, will: will(60) });
  await house.connect({ clientId: 'away', ...kept, will: { ...will(60), payload: 'away' } });
  await house.crashAndStart(10 * minute);
  const watcher = await house.resume('watcher');
  await house.laboratory.advance(minute / 2);
  await house.resume('back');
  await watcher.expectNothing();
  await house.laboratory.advance(minute);
  expect((await watcher.receiveMessage()).text).toBe('away');
  await watcher.expectNothing();
});

test('a delay that was running goes on during the downtime', async () => {
  const house = await houseWithWatcher();
  const client = await house.connect({ clientId: 'client', ...kept, will: will(600) });
  await client.drop();
  await house.laboratory.advance(2 * minute);
  await house.crashAndStart(3 * minute);
  const watcher = await house.resume('watcher');
  await house.laboratory.advance(5 * minute - 1000);
  await watcher.expectNothing();
  await house.laboratory.advance(2000);
  expect((await watcher.receiveMessage()).text).toBe('bye');
});

test('a delay that ended during the downtime is over at the start', async () => {
  const house = await houseWithWatcher();
  const client = await house.connect({ clientId: 'client', ...kept, will: will(60) });
  await client.drop();
  await house.crashAndStart(5 * minute);
  const watcher = await house.resume('watcher');
  expect((await watcher.receiveMessage()).text).toBe('bye');
  expect((await house.resume('client')).connack.sessionPresent).toBe(true);
});

test('the end of the session ends the delay, also when both fall into the downtime', async () => {
  const house = await houseWithWatcher();
  const properties = { sessionExpiryInterval: 60 };
  const client = await house.connect({ clientId: 'client', properties, will: will(600) });
  await client.drop();
  await house.crashAndStart(2 * minute);
  const watcher = await house.resume('watcher');
  expect((await watcher.receiveMessage()).text).toBe('bye');
  await watcher.expectNothing();
});

test('a will that DISCONNECT took back does not go out', async () => {
  const house = await houseWithWatcher();
  const client = await house.connect({ clientId: 'client', ...kept, will: will() });
  await client.disconnect();
  await house.crashAndStart(minute);
  const watcher = await house.resume('watcher');
  await house.laboratory.advance(minute);
  await watcher.expectNothing();
});

test('a client that comes back without a will has none', async () => {
  const house = await houseWithWatcher();
  const first = await house.connect({ clientId: 'client', ...kept, will: will(600) });
  await first.drop();
  await house.connect({ clientId: 'client', ...kept });
  await house.crashAndStart(minute);
  const watcher = await house.resume('watcher');
  await house.laboratory.advance(20 * minute);
  await watcher.expectNothing();
});

test('a broker that is closed in order sends wills before, not after', async () => {
  const house = await houseWithWatcher();
  await house.connect({ clientId: 'client', ...kept, will: will() });
  await house.close();
  house.start();
  const watcher = await house.resume('watcher');
  expect((await watcher.receiveMessage()).text).toBe('bye');
  await watcher.expectNothing();
});

test('properties and retain flag of a will survive, and its message expiry begins when it goes out', async () => {
  const house = await houseWithWatcher();
  const properties = {
    willDelayInterval: 60,
    messageExpiryInterval: 30,
    contentType: 'farewell',
    userProperties: [['a', 'b']] as const,
  };
  const client = await house.connect({
    clientId: 'client',
    ...kept,
    will: will(0, { retain: true, properties }),
  });
  await client.drop();
  await house.crashAndStart(10 * minute);
  const watcher = await house.resume('watcher');
  const message = await watcher.receiveMessage();
  expect(message.properties).toEqual({
    messageExpiryInterval: 30,
    contentType: 'farewell',
    userProperties: [['a', 'b']],
  });
  expect(house.broker.retained('gone')).toBeDefined();
});

test('after a restart plugins judge a will by what its session knows of the client', async () => {
  const asked: (Principal | undefined)[] = [];
  const hooks: PluginHooks = {
    authenticate: () => ({ allow: true, identity: 'ann', groups: ['drivers'], mountPoint: 'depot/' }),
    authorizePublish: ({ publisher, client, message: { origin } }) => {
      if (origin === 'will' && client === undefined) asked.push(publisher);
      return true;
    },
  };
  const house = new Restarts({}, hooks);
  await house.connect({ clientId: 'client', ...kept, will: will() });
  await house.crashAndStart(minute, hooks);
  await house.connect({ clientId: 'somebody' });
  expect(asked).toMatchObject([{ id: 'client', identity: 'ann', groups: ['drivers'], mountPoint: 'depot/' }]);
});

test('a will that was denied when its client came is not sent after a restart either', async () => {
  const hooks: PluginHooks = {
    authenticate: ({ clientId }) => ({
      allow: true,
      ...(clientId === 'confined' ? { permissions: { publish: ['out/#'] } } : {}),
    }),
    authorizePublish: ({ client }) => client?.id !== 'denied',
  };
  const house = new Restarts({}, hooks);
  const watcher = await house.connect({ clientId: 'watcher', ...kept });
  await watcher.subscribe('gone', { qos: 1 });
  await house.connect({ clientId: 'confined', ...kept, will: will() });
  await house.connect({ clientId: 'denied', ...kept, will: will() });
  await house.connect({ clientId: 'allowed', ...kept, will: will(0, { payload: 'allowed' }) });
  await house.crashAndStart(minute, hooks);
  const again = await house.resume('watcher');
  expect((await again.receiveMessage()).text).toBe('allowed');
  await again.expectNothing();
});
