import { expect, test } from 'vitest';
import { world } from '../broker.ts';

const kept = { clientId: 'same', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test('[MQTT-3.1.4-3] the older connection gets DISCONNECT 0x8E and is closed', async () => {
  const { connect, broker } = world();
  const first = await connect('same');
  const second = await connect('same');
  await first.expectDisconnect(0x8e);
  await second.ping();
  expect([...broker.clients()]).toHaveLength(1);
});

test('[MQTT-3.1.4-3] [§3.1.4] an older connection of MQTT 3.1.1 is closed without a word, and so is one that its newer version takes', async () => {
  const { connect } = world();
  const old = await connect({ clientId: 'same', protocolVersion: 4 });
  const young = await connect('same');
  await old.expectClosed();
  await connect({ clientId: 'same', protocolVersion: 4 });
  await young.expectDisconnect(0x8e);
});

test('[§3.1.4] a CONNECT that is refused does not disturb the client it names', async () => {
  const { connect, newcomer, broker } = world();
  const first = await connect(kept);
  await first.subscribe('a');
  broker.use({ name: 'guard', hooks: { authenticate: ({ username }) => username === 'owner' } });
  const thief = newcomer();
  expect(await thief.connectPacket({ ...kept, cleanStart: true })).toMatchObject({ reasonCode: 0x87 });
  const unfit = newcomer();
  unfit.send({ type: 'connect', ...kept, username: 'owner', will: { topic: 'a/#' } });
  await unfit.expect('connack', { reasonCode: 0x90 });
  await first.ping();
  const friend = await connect({ clientId: 'friend', username: 'owner' });
  await friend.publish('a', 'still here');
  expect((await first.receiveMessage()).text).toBe('still here');
});

test('[§3.1.4] the newer connection carries on the session, with what was in flight to the older one', async () => {
  const { connect } = world();
  const first = await connect(kept);
  await first.subscribe('a', { qos: 1 });
  await (await connect('publisher')).publish('a', 'unacknowledged', { qos: 1 });
  await first.expect('publish', { dup: false });
  const second = await connect(kept);
  expect(second.connack.sessionPresent).toBe(true);
  expect(await second.receiveMessage()).toMatchObject({ text: 'unacknowledged', dup: true });
});

test('[§3.1.4] an older connection with expiry 0 loses its session: Session Present is 0, though Clean Start is', async () => {
  const { connect, broker } = world();
  const first = await connect({ clientId: 'same', cleanStart: false });
  await first.subscribe('a', { qos: 1 });
  const second = await connect(kept);
  expect(second.connack.sessionPresent).toBe(false);
  expect(broker.subscriptions('same')).toEqual([]);
});

const delayed = { topic: 'gone', payload: 'bye', properties: { willDelayInterval: 30 } };
const prompt = { topic: 'gone', payload: 'bye' };
const minute = { sessionExpiryInterval: 60 };

const cases = [
  {
    what: 'Clean Start 0, delay and expiry above 0',
    cleanStart: false,
    will: delayed,
    properties: minute,
    sent: false,
  },
  { what: 'Clean Start 1', cleanStart: true, will: delayed, properties: minute, sent: true },
  { what: 'a Will Delay of 0', cleanStart: false, will: prompt, properties: minute, sent: true },
  { what: 'an older expiry of 0', cleanStart: false, will: delayed, properties: {}, sent: true },
];

test.each(cases)(
  '[MQTT-3.1.2-8] [MQTT-3.1.3-9] [§3.1.4] the Will of the older connection at a takeover with $what: sent is $sent',
  async ({ cleanStart, will, properties, sent }) => {
    const { connect, laboratory } = world();
    const watcher = await connect('watcher');
    await watcher.subscribe('gone');
    const first = await connect({ clientId: 'same', will, properties });
    const second = await connect({ clientId: 'same', cleanStart, properties: minute });
    await first.expectDisconnect(0x8e);
    if (sent) expect((await watcher.receiveMessage()).text).toBe('bye');
    await watcher.expectNothing();
    await laboratory.advance(120_000);
    await watcher.expectNothing();
    await second.ping();
  },
);

test('[§3.1.4] the late end of the older connection touches neither session nor Will nor keep alive of the newer', async () => {
  const { connect, newcomer, broker, laboratory } = world();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const first = newcomer({ channel: { latency: 5_000 } });
  first.send({ type: 'connect', ...kept, keepAlive: 20 });
  await laboratory.advance(10_000);
  await first.expect('connack', { reasonCode: 0 });
  const will = { topic: 'gone', payload: 'of the second' };
  const second = await connect({ ...kept, will });
  await laboratory.advance(120_000);
  await first.expectDisconnect(0x8e);
  await watcher.expectNothing();
  await second.ping();
  expect(broker.session('same')).toMatchObject({ connected: true });
  await second.drop();
  expect((await watcher.receiveMessage()).text).toBe('of the second');
});

test('[MQTT-3.1.4-3] many connections at once for one ClientID leave one of them, the last', async () => {
  const { newcomer, laboratory, broker } = world();
  const clients = Array.from({ length: 20 }, () => newcomer());
  for (const client of clients) client.send({ type: 'connect', ...kept });
  await laboratory.settle();
  const open = clients.filter(({ closed }) => !closed);
  expect(open).toEqual([clients.at(-1)]);
  expect([...broker.clients()]).toHaveLength(1);
});

test('[MQTT-3.1.4-3] of two that authenticate at the same time, the one that is accepted last stays', async () => {
  const { connect, newcomer, broker } = world();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const verdicts: ((allow: boolean) => void)[] = [];
  const authenticate = () => new Promise<boolean>((resolve) => verdicts.push(resolve));
  broker.use({ name: 'slow', hooks: { authenticate } });
  const [early, late] = [newcomer({ name: 'early' }), newcomer({ name: 'late' })];
  for (const client of [early, late]) {
    client.send({ type: 'connect', ...kept, will: { topic: 'gone', payload: client.name } });
    await client.expectNothing();
  }
  verdicts[1]?.(true);
  await late.expect('connack', { reasonCode: 0, sessionPresent: false });
  await early.expectNothing();
  verdicts[0]?.(true);
  await early.expect('connack', { reasonCode: 0, sessionPresent: true });
  await late.expectDisconnect(0x8e);
  expect((await watcher.receiveMessage()).text).toBe('late');
  await early.ping();
  await watcher.expectNothing();
});
