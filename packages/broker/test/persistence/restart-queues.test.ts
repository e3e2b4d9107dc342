import type { PublishPacket } from '@carillon/protocol';
import type { PacketClient } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import { Restarts } from './restarts.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };

/** Alice subscribed to `news` at QoS 2, and Bob who publishes. */
async function aliceAndBob(options: ConstructorParameters<typeof Restarts>[0] = {}) {
  const house = new Restarts(options);
  const alice = await house.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 2 });
  return { house, alice, bob: await house.connect({ clientId: 'bob', ...kept }) };
}

async function messagesOf(client: PacketClient): Promise<PublishPacket[]> {
  return (await client.receiveAll()).filter((packet) => packet.type === 'publish');
}

function textsOf(messages: readonly PublishPacket[]): string[] {
  return messages.map(({ payload }) => new TextDecoder().decode(payload));
}

const texts = Array.from({ length: 12 }, (_, index) => `m ${index + 1}`);

test('messages that waited come after a restart, in their order', async () => {
  const { house, alice, bob } = await aliceAndBob();
  await alice.drop();
  for (const [index, text] of texts.entries())
    await bob.publish('news', text, { qos: index % 2 === 0 ? 1 : 2 });
  await house.crashAndStart();
  const again = await house.resume('alice');
  const received = await messagesOf(again);
  expect(textsOf(received)).toEqual(texts);
  expect(received.map(({ qos }) => qos)).toEqual(texts.map((_, index) => (index % 2 === 0 ? 1 : 2)));
  expect(received.every(({ dup }) => !dup)).toBe(true);
});

test('new messages go behind those that waited, also over several restarts', async () => {
  const { house, alice } = await aliceAndBob();
  await alice.drop();
  for (let first = 0; first < texts.length; first += 4) {
    const bob = await house.connect({ clientId: 'bob' });
    for (const text of texts.slice(first, first + 4)) await bob.publish('news', text, { qos: 1 });
    await house.crashAndStart();
  }
  expect(textsOf(await messagesOf(await house.resume('alice')))).toEqual(texts);
});

test('a message keeps its properties, payload and flags', async () => {
  const { house, alice, bob } = await aliceAndBob();
  await alice.drop();
  const properties = {
    payloadFormatIndicator: 1,
    contentType: 'text/plain',
    responseTopic: 'answers',
    correlationData: Uint8Array.of(0, 1, 255),
    userProperties: [
      ['a', '1'],
      ['a', '2'],
    ],
  } as const;
  await bob.publish('news', 'hello', { qos: 2, properties });
  await house.crashAndStart();
  const message = await (await house.resume('alice')).receiveMessage();
  expect(message).toMatchObject({ topic: 'news', text: 'hello', qos: 2, retain: false });
  expect(message.properties).toEqual(properties);
});

describe('what was in flight', () => {
  test('is sent again under its packet id, with DUP, in the order of its first sending, then the rest', async () => {
    const { house, alice, bob } = await aliceAndBob({ limits: { maximumInflight: 5 } });
    for (const text of texts) await bob.publish('news', text, { qos: 1 });
    const sent = await messagesOf(alice);
    expect(sent).toHaveLength(5);
    alice.send({ type: 'puback', packetId: sent[1]?.packetId ?? 0 });
    const [sixth] = await messagesOf(alice);
    await house.crashAndStart();
    const again = await house.resume('alice');
    const resent = await messagesOf(again);
    const unacknowledged = [sent[0], sent[2], sent[3], sent[4], sixth];
    expect(resent).toEqual(unacknowledged.map((message) => ({ ...message, dup: true })));
    for (const message of resent) await again.ack(message);
    const rest = await messagesOf(again);
    expect(textsOf(rest)).toEqual(texts.slice(6, 11));
    expect(rest.every(({ dup }) => !dup)).toBe(true);
  });

  test('is not sent again once it was acknowledged', async () => {
    const { house, alice, bob } = await aliceAndBob();
    await bob.publish('news', 'one', { qos: 1 });
    await bob.publish('news', 'two', { qos: 2 });
    await alice.receiveMessage();
    await alice.receiveMessage();
    await house.crashAndStart();
    const again = await house.resume('alice');
    expect(again.connack.sessionPresent).toBe(true);
    await again.expectNothing();
    expect(house.broker.session('alice')).toMatchObject({ queued: 0, inflight: 0, queuedBytes: 0 });
  });

  test('of QoS 2 with PUBREC is PUBREL alone, in its place among the others', async () => {
    const { house, alice, bob } = await aliceAndBob();
    for (const text of ['one', 'two', 'three']) await bob.publish('news', text, { qos: 2 });
    const [one, two, three] = await messagesOf(alice);
    alice.send({ type: 'pubrec', packetId: two?.packetId ?? 0 });
    await alice.expect('pubrel');
    await house.crashAndStart();
    const again = await house.resume('alice');
    await again.expect('publish', { dup: true, packetId: one?.packetId ?? 0 });
    await again.expect('pubrel', { packetId: two?.packetId ?? 0 });
    await again.expect('publish', { dup: true, packetId: three?.packetId ?? 0 });
    again.send({ type: 'pubcomp', packetId: two?.packetId ?? 0 });
    await again.settle();
    await house.crashAndStart();
    const types = (await (await house.resume('alice')).receiveAll()).map(({ type }) => type);
    expect(types).toEqual(['publish', 'publish']);
  });

  test('keeps its packet id from new messages', async () => {
    const { house, alice, bob } = await aliceAndBob();
    for (const text of texts) await bob.publish('news', text, { qos: 2 });
    const before = await messagesOf(alice);
    await house.crashAndStart();
    const again = await house.resume('alice');
    const newBob = await house.connect({ clientId: 'bob' });
    for (const text of texts) await newBob.publish('news', text, { qos: 2 });
    const all = await messagesOf(again);
    expect(all).toHaveLength(before.length + texts.length);
    expect(new Set(all.map(({ packetId }) => packetId)).size).toBe(all.length);
  });

  test('goes in parts where the client takes fewer at a time than before', async () => {
    const { house, bob } = await aliceAndBob();
    for (const text of texts) await bob.publish('news', text, { qos: 1 });
    await house.crashAndStart();
    const again = await house.resume('alice', { properties: { receiveMaximum: 2 } });
    const received: string[] = [];
    for (const _ of texts) {
      expect(again.unread).toBeLessThanOrEqual(2);
      received.push((await again.receiveMessage()).text);
    }
    expect(received).toEqual(texts);
  });

  test('stays in flight over two restarts without a visit of the client', async () => {
    const { house, alice, bob } = await aliceAndBob();
    await bob.publish('news', 'one', { qos: 2 });
    const { packetId } = await alice.expect('publish');
    await house.crashAndStart(1000);
    await house.connect({ clientId: 'bob' });
    await house.crashAndStart(1000);
    await (await house.resume('alice')).expect('publish', { packetId, dup: true });
  });
});

describe('QoS 2 from the client', () => {
  test('is not passed on twice: its identifier is taken until PUBREL', async () => {
    const { house, alice, bob } = await aliceAndBob();
    bob.publishOnly('news', 'once', { qos: 2, packetId: 9 });
    await bob.expect('pubrec', { packetId: 9 });
    await alice.receiveMessage();
    await house.crashAndStart();
    const [newAlice, newBob] = [await house.resume('alice'), await house.resume('bob')];
    newBob.publishOnly('news', 'once', { qos: 2, packetId: 9, dup: true });
    await newBob.expect('pubrec', { packetId: 9, reasonCode: 0 });
    await newAlice.expectNothing();
    newBob.send({ type: 'pubrel', packetId: 9 });
    await newBob.expect('pubcomp', { packetId: 9, reasonCode: 0 });
  });

  test('may use the identifier anew after PUBCOMP', async () => {
    const { house, alice, bob } = await aliceAndBob();
    await bob.publish('news', 'first', { qos: 2, packetId: 9 });
    await alice.receiveMessage();
    await house.crashAndStart();
    const [newAlice, newBob] = [await house.resume('alice'), await house.resume('bob')];
    await newBob.publish('news', 'second', { qos: 2, packetId: 9 });
    expect((await newAlice.receiveMessage()).text).toBe('second');
  });
});

describe('message expiry', () => {
  test('goes on during the downtime: what expired does not come', async () => {
    const { house, alice, bob } = await aliceAndBob();
    await alice.drop();
    await bob.publish('news', 'brief', { qos: 1, properties: { messageExpiryInterval: 60 } });
    await bob.publish('news', 'long', { qos: 1, properties: { messageExpiryInterval: 600 } });
    await house.crashAndStart(60_000);
    expect(textsOf(await messagesOf(await house.resume('alice')))).toEqual(['long']);
  });

  test('comes with what remains of it', async () => {
    const { house, alice, bob } = await aliceAndBob();
    await alice.drop();
    await bob.publish('news', 'hello', { qos: 1, properties: { messageExpiryInterval: 600 } });
    await house.laboratory.advance(100_000);
    await house.crashAndStart(200_000);
    await house.connect({ clientId: 'first' });
    await house.laboratory.advance(50_000);
    const { properties } = await (await house.resume('alice')).receiveMessage();
    expect(properties.messageExpiryInterval).toBe(250);
  });

  test('does not break off an exchange of QoS 2 that has begun', async () => {
    const { house, alice, bob } = await aliceAndBob();
    await bob.publish('news', 'begun', { qos: 2, properties: { messageExpiryInterval: 60 } });
    const { packetId } = await alice.expect('publish');
    alice.send({ type: 'pubrec', packetId });
    await alice.expect('pubrel');
    await house.crashAndStart(120_000);
    await (await house.resume('alice')).expect('pubrel', { packetId });
  });
});

describe('retained messages', () => {
  test('are there again, the latest of each topic', async () => {
    const { house, bob } = await aliceAndBob();
    await bob.publish('lamp', 'off', { qos: 1, retain: true });
    await bob.publish('lamp', 'on', { qos: 2, retain: true, properties: { contentType: 'state' } });
    await bob.publish('door', 'open', { qos: 1, retain: true });
    await bob.publish('door', '', { qos: 1, retain: true });
    await bob.publish('plain', 'not retained', { qos: 1 });
    await house.crashAndStart();
    const reader = await house.connect({ clientId: 'reader' });
    await reader.subscribe('#', { qos: 2 });
    expect(await reader.receiveMessage()).toMatchObject({
      topic: 'lamp',
      text: 'on',
      qos: 2,
      retain: true,
      properties: { contentType: 'state' },
    });
    await reader.expectNothing();
  });

  test('expire during the downtime, and come with what remains', async () => {
    const { house, bob } = await aliceAndBob();
    await bob.publish('brief', 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 60 } });
    await bob.publish('long', 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 600 } });
    await house.crashAndStart(60_000);
    const reader = await house.connect({ clientId: 'reader' });
    await reader.subscribe('#');
    expect(await reader.receiveMessage()).toMatchObject({
      topic: 'long',
      properties: { messageExpiryInterval: 540 },
    });
    await reader.expectNothing();
    expect(house.broker.retained('brief')).toBeUndefined();
  });

  test('stay cleared that the host cleared', async () => {
    const { house, bob } = await aliceAndBob();
    for (const topic of ['a/1', 'a/2', 'b']) await bob.publish(topic, 'x', { qos: 1, retain: true });
    const cleared = house.broker.clearRetained('a/#');
    await house.laboratory.settle();
    expect(await cleared).toBe(2);
    await house.crashAndStart();
    await house.connect({ clientId: 'first' });
    expect([...house.broker.retainedMessages('#')].map(({ topic }) => topic)).toEqual(['b']);
  });
});

test('what waits for a share group waits for it after a restart too', async () => {
  const house = new Restarts();
  for (const clientId of ['one', 'other']) {
    const member = await house.connect({ clientId, ...kept });
    await member.subscribe('$share/g/work', { qos: 1 });
    await member.drop();
  }
  const bob = await house.connect({ clientId: 'bob' });
  for (const text of texts) await bob.publish('work', text, { qos: 1 });
  await house.crashAndStart();
  const received: string[] = [];
  for (const clientId of ['one', 'other'])
    received.push(...textsOf(await messagesOf(await house.resume(clientId))));
  expect(received.sort()).toEqual([...texts].sort());
});
