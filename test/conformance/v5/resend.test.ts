import { memoryStore } from '@carillon/persistence';
import type { PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';
import { heldStore } from '../held-store.ts';
import { messagesIn, numbered, textOf } from '../messages.ts';

const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

async function withInflight(qos: 1 | 2, texts: readonly string[], there: BrokerWorld = world()) {
  const bob = await there.connect(durable);
  await bob.subscribe('a', { qos });
  const alice = await there.connect('alice');
  for (const text of texts) await alice.publish('a', text, { qos });
  const sent = messagesIn(await bob.receiveAll());
  expect(sent.map(textOf)).toEqual(texts);
  return { ...there, alice, bob, sent };
}

/** The next messages that come: identifier, DUP, text. */
async function messagesOf(client: PacketClient) {
  return messagesIn(await client.receiveAll()).map((message) => [
    message.packetId,
    message.dup,
    textOf(message),
  ]);
}

test.each([1, 2] as const)(
  '[MQTT-4.4.0-1, MQTT-4.6.0-1] QoS %i is sent again on a resumed session: old identifiers, first order, DUP 1',
  async (qos) => {
    const { connect, bob, sent } = await withInflight(qos, numbered('m', 5));
    await bob.drop();
    const again = await connect(durable);
    expect(again.connack.sessionPresent).toBe(true);
    expect(await messagesOf(again)).toEqual(sent.map((message) => [message.packetId, true, textOf(message)]));
  },
);

test('[MQTT-4.4.0-1] nothing is sent again on a connection that goes on, however long an answer takes', async () => {
  const { bob, laboratory, alice } = await withInflight(1, ['m 1']);
  await laboratory.advance(3_600_000);
  await alice.publish('a', 'm 2', { qos: 1 });
  expect((await messagesOf(bob)).map(([, dup, text]) => [dup, text])).toEqual([[false, 'm 2']]);
});

test('[MQTT-4.4.0-1] a clean start sends nothing of the session before', async () => {
  const { connect, bob } = await withInflight(2, ['m 1']);
  await bob.drop();
  const anew = await connect({ ...durable, cleanStart: true });
  expect(anew.connack.sessionPresent).toBe(false);
  await anew.expectNothing();
  await (await connect(durable)).expectNothing();
});

test('[MQTT-4.4.0-1, MQTT-4.6.0-1] what was in flight comes before what waited, which has DUP 0', async () => {
  const { connect, bob, alice } = await withInflight(1, ['sent 1', 'sent 2']);
  await bob.drop();
  for (const text of ['waited 1', 'waited 2']) await alice.publish('a', text, { qos: 1 });
  const again = await connect(durable);
  await alice.publish('a', 'live', { qos: 1 });
  expect((await messagesOf(again)).map(([, dup, text]) => [dup, text])).toEqual([
    [true, 'sent 1'],
    [true, 'sent 2'],
    [false, 'waited 1'],
    [false, 'waited 2'],
    [false, 'live'],
  ]);
});

test('[MQTT-4.3.3-6, MQTT-4.4.0-1] after PUBREC only PUBREL is sent again, in its place', async () => {
  const { connect, bob, sent } = await withInflight(2, ['m 1', 'm 2', 'm 3']);
  const [first, second, third] = sent.map(({ packetId }) => packetId);
  bob.send({ type: 'pubrec', packetId: second ?? 0 });
  await bob.expect('pubrel', { packetId: second ?? 0 });
  await bob.drop();
  for (let time = 0; time < 2; time++) {
    const again = await connect(durable);
    await again.expect('publish', { packetId: first ?? 0, dup: true });
    await again.expect('pubrel', { packetId: second ?? 0, reasonCode: 0 });
    await again.expect('publish', { packetId: third ?? 0, dup: true });
    await again.expectNothing();
    await again.drop();
  }
});

test('[MQTT-4.3.3-6] a PUBREC that came just before the end counts: PUBREL is sent again, not the message', async () => {
  const { connect, bob, sent } = await withInflight(2, ['m 1']);
  const packetId = sent[0]?.packetId ?? 0;
  bob.send({ type: 'pubrec', packetId });
  await bob.drop();
  const again = await connect(durable);
  await again.expect('pubrel', { packetId });
  again.send({ type: 'pubcomp', packetId });
  await again.drop();
  await (await connect(durable)).expectNothing();
});

test('[MQTT-4.4.0-2] what was acknowledged is not sent again', async () => {
  const { connect, bob, sent } = await withInflight(1, ['m 1', 'm 2', 'm 3']);
  bob.send({ type: 'puback', packetId: sent[1]?.packetId ?? 0 });
  await bob.drop();
  const again = await connect(durable);
  expect((await messagesOf(again)).map(([, , text]) => text)).toEqual(['m 1', 'm 3']);
});

test('[MQTT-4.4.0-1, §4.9] with a smaller window the rest is sent again later, still before what waited', async () => {
  const { connect, bob, alice, sent } = await withInflight(1, numbered('sent', 3));
  await bob.drop();
  await alice.publish('a', 'waited', { qos: 1 });
  const again = await connect({ ...durable, properties: { sessionExpiryInterval: 60, receiveMaximum: 1 } });
  for (const { packetId } of sent) {
    const message = await again.expect('publish', { packetId, dup: true });
    await again.expectNothing();
    await again.ack(message);
  }
  expect(await again.receiveMessage()).toMatchObject({ text: 'waited', dup: false });
});

test('[MQTT-4.4.0-1] a takeover sends again what the old connection had not acknowledged', async () => {
  const { connect, bob, sent } = await withInflight(1, ['m 1']);
  const again = await connect(durable);
  await bob.expectDisconnect(0x8e);
  await again.expect('publish', { packetId: sent[0]?.packetId ?? 0, dup: true });
});

test('[MQTT-4.4.0-1, §4.1] after a restart of the broker what was in flight is sent again, PUBREL too', async () => {
  const persistence = memoryStore();
  const { bob, sent, broker, laboratory, alice } = await withInflight(
    2,
    numbered('m', 3),
    world({ persistence }),
  );
  const [first, second, third] = sent.map(({ packetId }) => packetId);
  bob.send({ type: 'pubrec', packetId: second ?? 0 });
  await bob.drop();
  await alice.publish('a', 'waited', { qos: 2 });
  await Promise.all([broker.close(), laboratory.settle()]);

  const { connect } = world({ persistence });
  const again = await connect(durable);
  await again.expect('publish', { packetId: first ?? 0, dup: true });
  await again.expect('pubrel', { packetId: second ?? 0 });
  await again.expect('publish', { packetId: third ?? 0, dup: true });
  const waited = await again.expect('publish', { dup: false });
  expect(sent.map(({ packetId }) => packetId)).not.toContain(waited.packetId);
  await again.expectNothing();
});

test('[MQTT-3.3.1-1, MQTT-4.4.0-1] a client of MQTT 3.1.1 resumes in the same way', async () => {
  const { connect } = world();
  const old = { clientId: 'bob', protocolVersion: 4, cleanStart: false } as const;
  const bob = await connect(old);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'm 1', { qos: 2 });
  await alice.publish('a', 'm 2', { qos: 1 });
  const [first, second] = messagesIn(await bob.receiveAll());
  bob.send({ type: 'pubrec', packetId: first?.packetId ?? 0 });
  await bob.drop();
  const again = await connect(old);
  await again.expect('pubrel', { packetId: first?.packetId ?? 0 });
  await again.expect('publish', { packetId: second?.packetId ?? 0, dup: true });
  await again.expectNothing();
});

test('[MQTT-3.2.0-1, MQTT-4.4.0-1] what the store was slow to note goes out after CONNACK of the next connection, and once', async () => {
  const store = heldStore();
  const there = world({ persistence: store });
  const { bob, sent, newcomer, laboratory } = await withInflight(2, ['m 1'], there);
  const packetId = sent[0]?.packetId ?? 0;
  store.hold();
  bob.send({ type: 'pubrec', packetId });
  await laboratory.settle();
  await bob.drop();
  const again = newcomer({ name: 'bob' });
  again.send({ type: 'connect', ...durable });
  await again.expectNothing();
  store.release();
  await again.expect('connack', { sessionPresent: true });
  await again.expect('pubrel', { packetId });
  await again.expectNothing();
});
