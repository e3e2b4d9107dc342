import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { recordDrops } from '../drops.ts';
import { heldStore } from '../held-store.ts';
import { messagesIn } from '../messages.ts';

const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test.each([1, 2] as const)(
  '[MQTT-4.3.2-1, MQTT-4.3.2-2, MQTT-4.3.3-1, MQTT-4.3.3-2] a new message of QoS %i has a free identifier and DUP 0',
  async (qos) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a', { qos });
    const alice = await connect('alice');
    for (let count = 0; count < 10; count++) await alice.publish('a', 'x', { qos });
    const messages = messagesIn(await bob.receiveAll());
    const packetIds = messages.map(({ packetId }) => packetId);
    expect(new Set(packetIds).size).toBe(10);
    expect(packetIds).not.toContain(0);
    expect(messages.every((message) => message.qos === qos && !message.dup)).toBe(true);
  },
);

test('[MQTT-4.3.2-3] a QoS 1 message is unacknowledged until its PUBACK', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1 });
  const { packetId } = await bob.expect('publish');
  bob.send({ type: 'puback', packetId: packetId + 1 });
  bob.send({ type: 'pubcomp', packetId });
  await bob.settle();
  expect(broker.session('bob')?.inflight).toBe(1);
  bob.send({ type: 'puback', packetId });
  await bob.settle();
  expect(broker.session('bob')?.inflight).toBe(0);
});

test('[MQTT-4.3.3-3, MQTT-4.3.3-4, MQTT-4.3.3-5] a QoS 2 message is unacknowledged until PUBREC, its PUBREL until PUBCOMP', async () => {
  const { connect, broker } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  const { packetId } = await bob.expect('publish', { qos: 2, dup: false });
  bob.send({ type: 'puback', packetId });
  bob.send({ type: 'pubcomp', packetId });
  await bob.expectNothing();
  expect(broker.session('bob')?.inflight).toBe(1);

  bob.send({ type: 'pubrec', packetId });
  await bob.expect('pubrel', { packetId, reasonCode: 0, properties: {} });
  expect(broker.session('bob')?.inflight).toBe(1);

  bob.send({ type: 'pubcomp', packetId });
  await bob.expectNothing();
  expect(broker.session('bob')?.inflight).toBe(0);
});

test('[MQTT-4.3.3-4] a repeated PUBREC is answered by PUBREL again', async () => {
  const { connect } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  const { packetId } = await bob.expect('publish');
  for (let time = 0; time < 2; time++) {
    bob.send({ type: 'pubrec', packetId });
    await bob.expect('pubrel', { packetId, reasonCode: 0 });
  }
});

test('[MQTT-3.6.2-1, §3.6.2.1] PUBREC for an identifier that is not in flight is answered by PUBREL 0x92', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.send({ type: 'pubrec', packetId: 44 });
  await bob.expect('pubrel', { packetId: 44, reasonCode: 0x92 });
});

test('[MQTT-4.6.0-4] PUBRELs come in the order of the PUBRECs', async () => {
  const { connect } = world();
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  for (let count = 0; count < 4; count++) await alice.publish('a', 'x', { qos: 2 });
  const packetIds = messagesIn(await bob.receiveAll()).map(({ packetId }) => packetId);
  const order = [packetIds[2], packetIds[0], packetIds[3], packetIds[1]].map((packetId) => packetId ?? 0);
  for (const packetId of order) bob.send({ type: 'pubrec', packetId });
  for (const packetId of order) await bob.expect('pubrel', { packetId, reasonCode: 0 });
});

test.each([
  [1, 'puback'],
  [2, 'pubrec'],
] as const)(
  '[MQTT-4.4.0-2] a QoS %i message that its receiver refuses is settled: dropped, told, never sent again',
  async (qos, type) => {
    const { connect, broker } = world();
    const drops = recordDrops(broker);
    const bob = await connect(durable);
    await bob.subscribe('a', { qos });
    const alice = await connect('alice');
    await alice.publish('a', 'unwanted', { qos });
    const { packetId } = await bob.expect('publish');
    bob.send({ type, packetId, reasonCode: 0x97 });
    await bob.expectNothing();
    expect(broker.session('bob')?.inflight).toBe(0);
    expect(drops).toEqual([{ reason: 'refused-by-receiver', clientId: 'bob', text: 'unwanted' }]);
    await bob.drop();
    await (await connect(durable)).expectNothing();
  },
);

test('[§3.4.2.1] an acknowledgement with 0x10 is a success like 0x00', async () => {
  const { connect, broker } = world();
  const drops = recordDrops(broker);
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  const { packetId } = await bob.expect('publish');
  bob.send({ type: 'pubrec', packetId, reasonCode: 0x10 });
  await bob.expect('pubrel', { packetId, reasonCode: 0 });
  bob.send({ type: 'pubcomp', packetId });
  await bob.settle();
  expect(broker.session('bob')?.inflight).toBe(0);
  expect(drops).toEqual([]);
});

test('[MQTT-4.3.3-5] PUBCOMP 0x92 ends the exchange like 0x00', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  const { packetId } = await bob.expect('publish');
  bob.send({ type: 'pubrec', packetId });
  await bob.expect('pubrel', { packetId });
  bob.send({ type: 'pubcomp', packetId, reasonCode: 0x92 });
  await bob.settle();
  expect(broker.session('bob')?.inflight).toBe(0);
});

test('[MQTT-4.5.0-1] a message goes to every session with a matching subscription, there or away, of any version', async () => {
  const { connect, broker } = world();
  const versions = [3, 4, 5] as const;
  for (const protocolVersion of versions) {
    const away = await connect({
      clientId: `away ${protocolVersion}`,
      protocolVersion,
      cleanStart: false,
      properties: protocolVersion === 5 ? { sessionExpiryInterval: 60 } : {},
    });
    await away.subscribe('a/#', { qos: 1 });
    await away.disconnect();
  }
  const present = await Promise.all(
    versions.map((protocolVersion) => connect({ clientId: `here ${protocolVersion}`, protocolVersion })),
  );
  for (const client of present) await client.subscribe('a/+', { qos: 2 });
  const other = await connect('other');
  await other.subscribe('b', { qos: 1 });

  const alice = await connect('alice');
  await alice.publish('a/b', 'x', { qos: 1 });
  for (const client of present) expect((await client.receiveMessage()).text).toBe('x');
  await other.expectNothing();
  for (const protocolVersion of versions) {
    expect(broker.session(`away ${protocolVersion}`)?.queued).toBe(1);
  }
});

test('[MQTT-4.3.3-8] a QoS 2 message reaches nobody before it is stored', async () => {
  const store = heldStore();
  const { connect } = world({ persistence: store });
  const away = await connect({ ...durable, clientId: 'away' });
  await away.subscribe('a', { qos: 2 });
  await away.disconnect();
  const present = await connect('present');
  await present.subscribe('a', { qos: 2 });
  const low = await connect('low');
  await low.subscribe('a', { qos: 0 });
  const alice = await connect('alice');
  store.hold();
  alice.publishOnly('a', 'x', { qos: 2, packetId: 1 });
  await alice.expectNothing();
  await present.expectNothing();
  await low.expectNothing();
  store.release();
  await alice.expect('pubrec', { packetId: 1, reasonCode: 0 });
  await present.expect('publish', { qos: 2 });
  await low.expect('publish', { qos: 0 });
});

test('[MQTT-4.3.3-4, MQTT-4.3.3-6] PUBREL leaves when the store knows that PUBREC has come', async () => {
  const store = heldStore();
  const { connect } = world({ persistence: store });
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  const { packetId } = await bob.expect('publish');
  store.hold();
  bob.send({ type: 'pubrec', packetId });
  await bob.expectNothing();
  store.release();
  await bob.expect('pubrel', { packetId, reasonCode: 0 });
});
