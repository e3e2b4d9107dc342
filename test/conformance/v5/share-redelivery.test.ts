import { memoryStore } from '@carillon/persistence';
import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { recordDrops } from '../drops.ts';
import { heldStore } from '../held-store.ts';
import { messagesIn, numbered, textOf, textsIn } from '../messages.ts';

const group = '$share/g/a';
const leaving = { clientId: 'leaver', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test('[§4.8.2] when a session expires another member gets what waited there, with its own QoS', async () => {
  const { connect, laboratory } = world();
  const leaver = await connect(leaving);
  await leaver.subscribe(group, { qos: 2 });
  await leaver.disconnect();
  const alice = await connect('alice');
  for (const text of numbered('m', 3)) await alice.publish('a', text, { qos: 2 });
  const heir = await connect('heir');
  await heir.subscribe(group, { qos: 1, properties: { subscriptionIdentifier: 7 } });
  await heir.expectNothing();
  await laboratory.advance(60_000);
  const messages = messagesIn(await heir.receiveAll());
  expect(messages.map(textOf)).toEqual(numbered('m', 3));
  for (const message of messages) {
    expect(message).toMatchObject({ qos: 1, dup: false, properties: { subscriptionIdentifiers: [7] } });
  }
});

test('[§4.8.2] when a session ends with its connection another member gets its QoS 1 in flight, anew', async () => {
  const { connect } = world({ shareStrategy: 'sticky' });
  const leaver = await connect({ clientId: 'leaver', properties: { receiveMaximum: 2 } });
  await leaver.subscribe(group, { qos: 1 });
  const heir = await connect('heir');
  await heir.subscribe(group, { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 4)) await alice.publish('a', text, { qos: 1 });
  expect(textsIn(await leaver.receiveAll())).toEqual(numbered('m', 2));
  leaver.send({ type: 'puback', packetId: 1 });
  await leaver.drop();
  const messages = messagesIn(await heir.receiveAll());
  expect(messages.map((message) => [textOf(message), message.dup])).toEqual([
    ['m 2', false],
    ['m 3', false],
    ['m 4', false],
  ]);
});

test('[MQTT-4.8.2-5] a QoS 2 message that was begun dies with its session, one that was not moves on', async () => {
  const { connect, broker } = world({ shareStrategy: 'sticky' });
  const drops = recordDrops(broker);
  const leaver = await connect({ clientId: 'leaver', properties: { receiveMaximum: 2 } });
  await leaver.subscribe(group, { qos: 2 });
  const heir = await connect('heir');
  await heir.subscribe(group, { qos: 2 });
  const alice = await connect('alice');
  for (const text of ['released', 'sent', 'waiting']) await alice.publish('a', text, { qos: 2 });
  const { packetId } = await leaver.expect('publish');
  leaver.send({ type: 'pubrec', packetId });
  await leaver.settle();
  await leaver.drop();
  expect(textsIn(await heir.receiveAll())).toEqual(['waiting']);
  // The one that was released has been delivered.
  expect(drops).toEqual([{ reason: 'session-ended', clientId: 'leaver', text: 'sent' }]);
});

test('[§4.8.2] a clean start ends the old session: another member gets what waited there', async () => {
  const { connect } = world();
  const leaver = await connect(leaving);
  await leaver.subscribe(group, { qos: 1 });
  await leaver.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1 });
  const heir = await connect('heir');
  await heir.subscribe(group, { qos: 1 });
  const anew = await connect({ ...leaving, cleanStart: true });
  await anew.expectNothing();
  expect(textsIn(await heir.receiveAll())).toEqual(['x']);
});

test('[§4.8.2] after UNSUBSCRIBE another member gets what was not begun; what was is finished', async () => {
  const { connect } = world({ shareStrategy: 'sticky' });
  const leaver = await connect({ clientId: 'leaver', properties: { receiveMaximum: 1 } });
  await leaver.subscribe([
    { filter: group, qos: 1 },
    { filter: 'own', qos: 1 },
  ]);
  const heir = await connect('heir');
  await heir.subscribe(group, { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 3)) await alice.publish('a', text, { qos: 1 });
  await alice.publish('own', 'its own', { qos: 1 });
  await leaver.unsubscribe(group);
  expect(textsIn(await heir.receiveAll())).toEqual(['m 2', 'm 3']);
  expect((await leaver.receiveMessage()).text).toBe('m 1');
  expect((await leaver.receiveMessage()).text).toBe('its own');
  await leaver.expectNothing();
});

test('[§4.8.2] the last member that leaves takes the undelivered messages along', async () => {
  const { connect, broker } = world();
  const drops = recordDrops(broker);
  const last = await connect({ clientId: 'last', properties: { receiveMaximum: 1 } });
  await last.subscribe(group, { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 3)) await alice.publish('a', text, { qos: 1 });
  const first = await last.expect('publish');
  await last.unsubscribe(group);
  await last.ack(first);
  await last.expectNothing();
  expect(drops).toEqual([
    { reason: 'no-share-member', clientId: 'last', text: 'm 2' },
    { reason: 'no-share-member', clientId: 'last', text: 'm 3' },
  ]);
  const late = await connect('late');
  await late.subscribe(group, { qos: 1 });
  await late.expectNothing();
});

test('[§4.8.2] what moves on goes by the strategy among the members that are left', async () => {
  const { connect } = world({ shareStrategy: 'round-robin' });
  const leaver = await connect(leaving);
  await leaver.subscribe(group, { qos: 1 });
  await leaver.disconnect();
  const alice = await connect('alice');
  for (const text of numbered('m', 6)) await alice.publish('a', text, { qos: 1 });
  const heirs = [await connect('one'), await connect('two'), await connect('three')];
  for (const heir of heirs) await heir.subscribe(group, { qos: 1 });
  await connect({ ...leaving, cleanStart: true });
  const seen = await Promise.all(heirs.map(async (heir) => textsIn(await heir.receiveAll())));
  expect(seen.map((texts) => texts.length)).toEqual([2, 2, 2]);
  expect(seen.flat().toSorted()).toEqual(numbered('m', 6));
});

test('[§4.8.2] a deep queue moves on whole, also what only the store has', async () => {
  const { connect, laboratory } = world();
  const leaver = await connect(leaving);
  await leaver.subscribe(group, { qos: 1 });
  await leaver.disconnect();
  const alice = await connect('alice');
  for (const text of numbered('m', 700)) alice.publishOnly('a', text, { qos: 1 });
  await alice.settle();
  const heir = await connect('heir');
  await heir.subscribe(group, { qos: 1 });
  await laboratory.advance(60_000);
  for (const text of numbered('m', 700)) expect((await heir.receiveMessage()).text).toBe(text);
  await heir.expectNothing();
});

test('[MQTT-3.1.2-5, §4.1] of a deep queue that ends with its session every message is told as dropped', async () => {
  const { connect, laboratory, broker } = world();
  const drops = recordDrops(broker);
  const leaver = await connect(leaving);
  await leaver.subscribe('a', { qos: 1 });
  await leaver.disconnect();
  const alice = await connect('alice');
  for (const text of numbered('m', 700)) alice.publishOnly('a', text, { qos: 1 });
  await alice.settle();
  await laboratory.advance(60_000);
  expect(drops).toEqual(
    numbered('m', 700).map((text) => ({ reason: 'session-ended', clientId: 'leaver', text })),
  );
});

test('[§4.8.2, §4.1] messages of a session that expired while the broker was down move on at its start', async () => {
  const persistence = memoryStore();
  const before = world({ persistence });
  for (const clientId of ['leaver', 'heir']) {
    const member = await before.connect({
      ...leaving,
      clientId,
      properties: { sessionExpiryInterval: clientId === 'heir' ? 3600 : 60 },
    });
    await member.subscribe(group, { qos: 1 });
    if (clientId === 'leaver') await member.disconnect();
    if (clientId === 'leaver') {
      const alice = await before.connect('alice');
      for (const text of numbered('m', 3)) await alice.publish('a', text, { qos: 1 });
    }
  }
  await Promise.all([before.broker.close(), before.laboratory.settle()]);

  const { connect } = world({ persistence }, { startAt: before.laboratory.clock.now() + 100_000 });
  const heir = await connect({ ...leaving, clientId: 'heir' });
  expect(textsIn(await heir.receiveAll())).toEqual(numbered('m', 3));
  const anew = await connect(leaving);
  expect(anew.connack.sessionPresent).toBe(false);
});

test('[§4.8.2, §4.1] a broker that is killed while it passes a deep queue on goes on with it, each message once', async () => {
  const store = heldStore();
  const before = world({ persistence: store });
  const leaver = await before.connect(leaving);
  await leaver.subscribe(group, { qos: 1 });
  await leaver.disconnect();
  const alice = await before.connect('alice');
  for (const text of numbered('m', 600)) alice.publishOnly('a', text, { qos: 1 });
  await alice.settle();
  const lasting = { ...leaving, clientId: 'heir', properties: { sessionExpiryInterval: 3600 } };
  const heir = await before.connect(lasting);
  await heir.subscribe(group, { qos: 1 });
  await heir.disconnect();
  store.hold();
  await before.laboratory.advance(60_000);
  // What was in memory and the first page after it are stored as the heir's, the second page is not.
  for (let batch = 0; batch < 2; batch++) {
    store.releaseOne();
    await before.laboratory.settle();
  }
  store.dropCommit();

  const { connect } = world({ persistence: store }, { startAt: before.laboratory.clock.now() });
  const again = await connect(lasting);
  for (const text of numbered('m', 600)) expect((await again.receiveMessage()).text).toBe(text);
  await again.expectNothing();
  expect((await connect(leaving)).connack.sessionPresent).toBe(false);
});

test('[§4.1] who comes back while what was left behind is still being read waits until others have all of it', async () => {
  const store = heldStore();
  const before = world({ persistence: store });
  const leaver = await before.connect(leaving);
  await leaver.subscribe(group, { qos: 1 });
  await leaver.disconnect();
  const alice = await before.connect('alice');
  for (const text of numbered('m', 300)) alice.publishOnly('a', text, { qos: 1 });
  await alice.settle();
  const heir = await before.connect('heir');
  await heir.subscribe(group, { qos: 1 });
  store.hold();
  await before.laboratory.advance(60_000);
  const again = before.newcomer({ name: 'leaver' });
  again.send({ type: 'connect', ...leaving });
  await again.expectNothing();
  store.release();
  await again.expect('connack', { sessionPresent: false });
  expect(await again.subscribe('b')).toMatchObject({ reasonCodes: [0] });
  await again.expectNothing();
  for (const text of numbered('m', 300)) expect((await heir.receiveMessage()).text).toBe(text);
  await heir.expectNothing();

  // Nothing that was left of the old session does harm to the new one in the store.
  await Promise.all([before.broker.close(), before.laboratory.settle()]);
  const { connect } = world({ persistence: store }, { startAt: before.laboratory.clock.now() });
  const resumed = await connect(leaving);
  expect(resumed.connack.sessionPresent).toBe(true);
});
