import type { PacketClient } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import { messagesIn, numbered, textsIn } from '../messages.ts';
import { world311 } from './world311.ts';

const kept = { clientId: 'alice', cleanStart: false };

async function aliceAndBob(options: Parameters<typeof world311>[0] = {}) {
  const place = world311(options);
  const [alice, bob] = [await place.connect(kept), await place.connect('bob')];
  await alice.subscribe('news', { qos: 2 });
  return { ...place, alice, bob };
}

/** The identifiers of these packets, in the order in which they come. */
async function idsOf(client: PacketClient, type: 'puback' | 'pubrec' | 'pubrel'): Promise<number[]> {
  return (await client.receiveAll()).flatMap((packet) => (packet.type === type ? [packet.packetId] : []));
}

describe('a new connection with CleanSession 0', () => {
  test('[v3:MQTT-4.4.0-1] [v3:MQTT-3.3.1-1] gets again what was not acknowledged, under its old identifiers, with DUP', async () => {
    const { alice, bob, connect } = await aliceAndBob();
    await bob.publish('news', 'one', { qos: 1 });
    await bob.publish('news', 'two', { qos: 2 });
    const before = messagesIn(await alice.receiveAll());
    await alice.drop();
    const after = messagesIn(await (await connect(kept)).receiveAll());
    expect(after).toEqual(before.map((message) => ({ ...message, dup: true })));
  });

  test('[v3:MQTT-4.4.0-1] gets again the PUBRELs that were not answered', async () => {
    const { alice, bob, connect } = await aliceAndBob();
    for (const text of ['one', 'two']) await bob.publish('news', text, { qos: 2 });
    const sent = messagesIn(await alice.receiveAll());
    for (const { packetId } of sent) alice.send({ type: 'pubrec', packetId });
    await alice.take('pubrel');
    await alice.drop();
    expect(await idsOf(await connect(kept), 'pubrel')).toEqual(sent.map(({ packetId }) => packetId));
  });

  test('[v3:MQTT-4.6.0-1] gets it in the order of its first sending, then what waited', async () => {
    const { alice, bob, connect } = await aliceAndBob({ limits: { maximumInflight: 6 } });
    const texts = numbered('m', 12);
    for (const text of texts) await bob.publish('news', text, { qos: 1 });
    const sent = messagesIn(await alice.receiveAll());
    expect(sent).toHaveLength(6);
    // Out of order, as a client that works in parallel does: the third and the first.
    for (const at of [2, 0]) alice.send({ type: 'puback', packetId: sent[at]?.packetId ?? 0 });
    await alice.take('publish');
    await alice.drop();
    const again = await connect(kept);
    const received: string[] = [];
    for (let count = 0; count < 10; count++) received.push((await again.receiveMessage()).text);
    expect(received).toEqual(texts.filter((_, at) => at !== 0 && at !== 2));
  });

  test('[v3:MQTT-4.6.0-1] [v3:MQTT-4.4.0-1] keeps PUBLISH and PUBREL of different messages in one order', async () => {
    const { alice, bob, connect } = await aliceAndBob();
    for (const text of ['one', 'two', 'three']) await bob.publish('news', text, { qos: 2 });
    const [, second] = messagesIn(await alice.receiveAll());
    alice.send({ type: 'pubrec', packetId: second?.packetId ?? 0 });
    await alice.expect('pubrel');
    await alice.drop();
    const again = await (await connect(kept)).receiveAll();
    expect(again.map(({ type }) => type)).toEqual(['publish', 'pubrel', 'publish']);
    expect(textsIn(again)).toEqual(['one', 'three']);
  });

  test('[v3:MQTT-4.4.0-1] with CleanSession 1 nothing is sent again', async () => {
    const { alice, bob, connect } = await aliceAndBob();
    await bob.publish('news', 'one', { qos: 1 });
    await alice.expect('publish');
    await alice.drop();
    await (await connect({ ...kept, cleanStart: true })).expectNothing();
  });
});

describe('acknowledgements', () => {
  test('[v3:MQTT-4.6.0-2] PUBACKs come in the order of their PUBLISHes', async () => {
    const { bob } = await aliceAndBob();
    const ids = [9, 3, 7, 1, 5];
    for (const packetId of ids) bob.publishOnly(packetId === 7 ? 'nobody' : 'news', '', { qos: 1, packetId });
    expect(await idsOf(bob, 'puback')).toEqual(ids);
  });

  test('[v3:MQTT-4.6.0-2] also where a hook answers for some of them late', async () => {
    const { bob, broker, laboratory } = await aliceAndBob();
    broker.use({
      name: 'slow',
      hooks: {
        authorizePublish: ({ message }) =>
          message.topic === 'slow'
            ? new Promise((resolve) => laboratory.clock.schedule(1000, () => resolve(true)))
            : true,
      },
    });
    const ids = [4, 2, 8];
    for (const packetId of ids) bob.publishOnly(packetId === 4 ? 'slow' : 'news', '', { qos: 1, packetId });
    await bob.expectNothing();
    await laboratory.advance(1000);
    expect(await idsOf(bob, 'puback')).toEqual(ids);
  });

  test('[v3:MQTT-4.6.0-3] PUBRECs come in the order of their PUBLISHes', async () => {
    const { bob } = await aliceAndBob();
    const ids = [9, 3, 7, 1, 5];
    for (const packetId of ids) bob.publishOnly(packetId === 7 ? 'nobody' : 'news', '', { qos: 2, packetId });
    expect(await idsOf(bob, 'pubrec')).toEqual(ids);
  });

  test('[v3:MQTT-4.6.0-4] PUBRELs come in the order of the PUBRECs', async () => {
    const { alice, bob } = await aliceAndBob();
    for (const text of numbered('m', 4)) await bob.publish('news', text, { qos: 2 });
    const ids = messagesIn(await alice.receiveAll()).map(({ packetId }) => packetId);
    const shuffled = [ids[2], ids[0], ids[3], ids[1]].map((id) => id ?? 0);
    for (const packetId of shuffled) alice.send({ type: 'pubrec', packetId });
    expect(await idsOf(alice, 'pubrel')).toEqual(shuffled);
  });
});

describe('messages of one publisher, topic and QoS', () => {
  test.each([0, 1, 2] as const)(
    '[v3:MQTT-4.6.0-5] [v3:MQTT-4.6.0-6] come in its order at QoS %i, to all subscribers alike',
    async (qos) => {
      const { connect, bob } = await aliceAndBob({ limits: { maximumInflight: 3 } });
      const readers = [await connect('one'), await connect('two'), await connect('three')];
      for (const [granted, reader] of readers.entries()) {
        await reader.subscribe(['news', 'other/#'], { qos: granted === 0 ? 0 : granted === 1 ? 1 : 2 });
      }
      const texts = numbered('m', 20);
      for (const text of texts) bob.publishOnly('news', text, { qos });
      for (const reader of readers) {
        const received: string[] = [];
        for (const _ of texts) received.push((await reader.receiveMessage()).text);
        expect(received).toEqual(texts);
      }
    },
  );

  test('[v3:MQTT-4.6.0-6] come in its order, those that waited before those that are live', async () => {
    const { alice, bob, connect } = await aliceAndBob({ limits: { maximumInflight: 4 } });
    await alice.drop();
    const texts = numbered('m', 30);
    for (const text of texts.slice(0, 20)) await bob.publish('news', text, { qos: 1 });
    const again = await connect(kept);
    for (const text of texts.slice(20)) bob.publishOnly('news', text, { qos: 1 });
    const received: string[] = [];
    for (const _ of texts) received.push((await again.receiveMessage()).text);
    expect(received).toEqual(texts);
  });
});
