import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { messagesIn } from '../messages.ts';

const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test.each([0, 1] as const)(
  '[MQTT-3.3.2-4] Payload Format Indicator %i is passed on',
  async (payloadFormatIndicator) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a');
    const alice = await connect('alice');
    await alice.publish('a', 'x', { properties: { payloadFormatIndicator } });
    await bob.expect('publish', { properties: { payloadFormatIndicator } });
  },
);

test('[MQTT-3.3.2-4] (open) a payload that is not the UTF-8 it says it is goes through unchanged', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  const payload = new Uint8Array([0xc0, 0x80]);
  const puback = await alice.publish('a', payload, { qos: 1, properties: { payloadFormatIndicator: 1 } });
  expect(puback.reasonCode).toBe(0);
  await bob.expect('publish', { payload, properties: { payloadFormatIndicator: 1 } });
});

test('[MQTT-3.3.2-13] a Response Topic that is not UTF-8 is malformed', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('30 0a 00 01 61 05 08 00 02 c0 80 78');
  await alice.expectDisconnect(0x81);
});

test.each(['a/+', '#', 'a#'])(
  '[MQTT-3.3.2-14] a Response Topic with wildcards is a protocol error: %s',
  async (responseTopic) => {
    const { connect } = world();
    const alice = await connect('alice');
    alice.publishOnly('a', 'x', { properties: { responseTopic } });
    await alice.expectDisconnect(0x82);
  },
);

test('[MQTT-3.3.2-15] a Response Topic is passed on unchanged', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a');
  const alice = await connect('alice');
  await alice.publish('a', 'x', { properties: { responseTopic: '/ANSWERS//ü/' } });
  await bob.expect('publish', { properties: { responseTopic: '/ANSWERS//ü/' } });
});

test.each([
  ['empty', new Uint8Array()],
  ['not UTF-8', new Uint8Array([0xff, 0x00, 0xc0, 0x80])],
])('[MQTT-3.3.2-16] Correlation Data is passed on unchanged: %s', async (_, correlationData) => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a');
  const alice = await connect('alice');
  await alice.publish('a', 'x', { properties: { correlationData } });
  await bob.expect('publish', { properties: { correlationData } });
});

test('[MQTT-3.3.2-17, MQTT-3.3.2-18] User Properties are passed on, in order, repeated ones and empty ones too', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  const userProperties = [
    ['z', '1'],
    ['a', '2'],
    ['z', '1'],
    ['', ''],
    ['a', '\u{1f514}'],
  ] as const;
  for (const qos of [0, 1, 2] as const) {
    await alice.publish('a', 'x', { qos, properties: { userProperties } });
    expect((await bob.receiveMessage()).properties).toEqual({ userProperties });
  }
});

test('[MQTT-3.3.2-17, MQTT-3.3.2-18] User Properties survive waiting and sending again', async () => {
  const { connect } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.drop();
  const alice = await connect('alice');
  const userProperties = [
    ['b', '1'],
    ['a', '2'],
  ] as const;
  await alice.publish('a', 'x', { qos: 1, properties: { userProperties } });
  const second = await connect(durable);
  await second.expect('publish', { dup: false, properties: { userProperties } });
  await second.drop();
  const third = await connect(durable);
  await third.expect('publish', { dup: true, properties: { userProperties } });
});

test('[MQTT-3.3.2-17, §3.1.2.11.7] Request Problem Information 0 takes no User Properties from messages', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { requestProblemInformation: 0 } });
  await bob.subscribe('a');
  const alice = await connect('alice');
  await alice.publish('a', 'x', { properties: { userProperties: [['a', '1']] } });
  await bob.expect('publish', { properties: { userProperties: [['a', '1']] } });
});

test('[MQTT-3.3.2-19] a Content Type that is not UTF-8 is malformed', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('30 0a 00 01 61 05 03 00 02 c0 80 78');
  await alice.expectDisconnect(0x81);
});

test('[MQTT-3.3.2-20] Content Type is passed on unchanged, the empty one too', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a');
  const alice = await connect('alice');
  for (const contentType of ['application/json; q=1', '']) {
    await alice.publish('a', 'x', { properties: { contentType } });
    await bob.expect('publish', { properties: { contentType } });
  }
});

test('[MQTT-3.3.2-7] the publisher’s Topic Alias is not passed on', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { topicAliasMaximum: 0 } });
  await bob.subscribe('a');
  const alice = await connect('alice');
  await alice.publish('a', 'x', { properties: { topicAlias: 9, contentType: 'c' } });
  await bob.expect('publish', { topic: 'a', properties: { contentType: 'c' } });
});

test('[§3.3.2.3] a message without properties has none for its receivers', async () => {
  const { connect } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  for (const qos of [0, 1, 2] as const) {
    await alice.publish('a', 'x', { qos, retain: true });
    expect((await bob.receiveMessage()).properties).toEqual({});
  }
});

test('[§3.3.2.3] properties get lost on the way to a client of MQTT 3.1.1, and the message does not', async () => {
  const { connect } = world();
  const old = await connect({ clientId: 'old', protocolVersion: 4 });
  await old.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', {
    qos: 1,
    properties: { contentType: 'c', messageExpiryInterval: 5, userProperties: [['a', 'b']] },
  });
  expect(await old.receiveMessage()).toMatchObject({ text: 'x', properties: {} });
});

test('[§3.3.2.3] every receiver of one message has the same properties', async () => {
  const { connect } = world();
  const receivers = [await connect('one'), await connect('two'), await connect('three')];
  const properties = { contentType: 'c', responseTopic: 'r', userProperties: [['a', 'b']] } as const;
  for (const [index, receiver] of receivers.entries()) {
    await receiver.subscribe('a', { qos: index === 0 ? 0 : 1 });
  }
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1, properties });
  for (const receiver of receivers) {
    expect(messagesIn(await receiver.receiveAll())).toMatchObject([{ properties }]);
  }
});
