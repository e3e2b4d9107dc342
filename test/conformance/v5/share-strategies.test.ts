import type { ShareStrategy } from '@carillon/broker';
import type { PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';
import { numbered, textsIn } from '../messages.ts';

const group = '$share/g/jobs/#';

async function withMembers(
  shareStrategy: ShareStrategy,
  count = 3,
  there: BrokerWorld = world({ shareStrategy }),
) {
  const members: PacketClient[] = [];
  for (let number = 1; number <= count; number++) {
    const member = await there.connect(`member ${number}`);
    await member.subscribe(group, { qos: 1 });
    members.push(member);
  }
  const publisher = await there.connect('publisher');
  const publish = async (topic: string, text = 'x') => {
    await publisher.publish(topic, text, { qos: 1 });
  };
  /** What each member got since the last look, unacknowledged. */
  const harvest = () => Promise.all(members.map(async (member) => textsIn(await member.receiveAll())));
  return { ...there, members, publish, harvest };
}

test('[§4.8.2] round-robin: one after another, whatever the topic', async () => {
  const { publish, harvest } = await withMembers('round-robin');
  for (const text of numbered('m', 7)) await publish('jobs/a', text);
  const seen = await harvest();
  expect(seen.map((texts) => texts.length).toSorted()).toEqual([2, 2, 3]);
  for (const texts of seen) {
    const numbers = texts.map((text) => Number(text.slice(2)));
    for (const [index, number] of numbers.entries()) {
      if (index > 0) expect(number - (numbers[index - 1] ?? 0)).toBe(3);
    }
  }
});

test('[§4.8.2] round-robin: who joins and who leaves is in and out of the turn', async () => {
  const { publish, harvest, connect, members } = await withMembers('round-robin');
  for (const member of members) await member.subscribe(group, { qos: 0 });
  const fourth = await connect('member 4');
  await fourth.subscribe(group);
  for (const text of numbered('m', 8)) await publish('jobs/a', text);
  expect((await harvest()).map((texts) => texts.length)).toEqual([2, 2, 2]);
  expect(textsIn(await fourth.receiveAll())).toHaveLength(2);
  await fourth.unsubscribe(group);
  await members[0]?.disconnect();
  for (const text of numbered('n', 6)) await publish('jobs/a', text);
  expect((await harvest()).map((texts) => texts.length)).toEqual([0, 3, 3]);
});

test('[§4.8.2] least-loaded: who has the fewest messages in flight and waiting', async () => {
  const { publish, harvest, members } = await withMembers('least-loaded');
  for (const text of numbered('m', 6)) await publish('jobs/a', text);
  expect((await harvest()).map((texts) => texts.length)).toEqual([2, 2, 2]);
  // The third one works off its two messages.
  for (const packetId of [1, 2]) members[2]?.send({ type: 'puback', packetId });
  await members[2]?.settle();
  await publish('jobs/a', 'next');
  await publish('jobs/a', 'after next');
  expect(await harvest()).toEqual([[], [], ['next', 'after next']]);
});

test('[§4.8.2] sticky: always the same member, and the next one when it is gone', async () => {
  const { publish, harvest, members } = await withMembers('sticky');
  for (const topic of ['jobs/a', 'jobs/b', 'jobs/c']) await publish(topic, topic);
  expect(await harvest()).toEqual([['jobs/a', 'jobs/b', 'jobs/c'], [], []]);
  for (const packetId of [1, 2, 3]) members[0]?.send({ type: 'puback', packetId });
  await members[0]?.disconnect();
  for (const topic of ['jobs/d', 'jobs/e']) await publish(topic, topic);
  expect((await harvest()).slice(1)).toEqual([['jobs/d', 'jobs/e'], []]);
});

test('[§4.8.2] sticky: neither a member that comes back nor subscribing again moves it', async () => {
  const { connect } = world({ shareStrategy: 'sticky' });
  const durable = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const first = await connect({ clientId: 'first', ...durable });
  const second = await connect({ clientId: 'second', ...durable });
  for (const member of [first, second]) await member.subscribe(group, { qos: 1 });
  await first.disconnect();
  const publisher = await connect('publisher');
  await publisher.publish('jobs/a', 'one', { qos: 1 });
  const back = await connect({ clientId: 'first', ...durable });
  await publisher.publish('jobs/a', 'two', { qos: 1 });
  for (const member of [back, second]) await member.subscribe(group, { qos: 0 });
  await publisher.publish('jobs/a', 'three', { qos: 1 });
  expect(textsIn(await second.receiveAll())).toEqual(['one', 'two', 'three']);
  await back.expectNothing();
});

test('[§4.8.2] topic-hash: a topic stays with its member, and topics spread over all', async () => {
  const { publish, harvest } = await withMembers('topic-hash');
  const topics = Array.from({ length: 60 }, (_, index) => `jobs/${index}`);
  for (const topic of topics) await publish(topic, topic);
  const first = await harvest();
  expect(first.flat().toSorted()).toEqual(topics.toSorted());
  for (const share of first) expect(share.length).toBeGreaterThan(8);
  for (const topic of topics.toReversed()) await publish(topic, topic);
  const second = await harvest();
  expect(second.map((share) => share.toReversed())).toEqual(first);
});

test.each(['round-robin', 'least-loaded', 'sticky', 'topic-hash'] as const)(
  '[§4.8.2] %s: no message is lost or doubled while members come and go',
  async (shareStrategy) => {
    const { publish, members, connect } = await withMembers(shareStrategy, 2);
    const seen: string[] = [];
    for (const [index, text] of numbered('m', 40).entries()) {
      if (index % 5 === 3) {
        const newcomer = await connect(`newcomer ${index}`);
        await newcomer.subscribe(group, { qos: 1 });
        members.push(newcomer);
      }
      await publish(`jobs/${index % 3}`, text);
      const leaver = index % 7 === 5 ? members.shift() : undefined;
      for (const member of leaver === undefined ? members : [leaver, ...members]) {
        while (member.unread > 0) seen.push((await member.receiveMessage()).text);
      }
      await leaver?.disconnect();
    }
    expect(seen).toEqual(numbered('m', 40));
  },
);

test('[§4.8.2] the hook selectShared picks among the members that are there, and leaves it to the strategy', async () => {
  const there = world();
  const asked: unknown[] = [];
  there.broker.use({
    name: 'picker',
    hooks: {
      selectShared: ({ shareName, filter, message, members }) => {
        asked.push([
          shareName,
          filter,
          members.map(({ clientId, connected, load }) => [clientId, connected, load]),
        ]);
        return message.topic === 'jobs/mine' ? 1 : undefined;
      },
    },
  });
  const { publish, harvest } = await withMembers('round-robin', 2, there);
  for (let count = 0; count < 3; count++) await publish('jobs/mine', 'picked');
  expect(await harvest()).toEqual([[], ['picked', 'picked', 'picked']]);
  expect(asked[0]).toEqual([
    'g',
    'jobs/#',
    [
      ['member 1', true, 0],
      ['member 2', true, 0],
    ],
  ]);
  expect(asked[2]).toEqual([
    'g',
    'jobs/#',
    [
      ['member 1', true, 0],
      ['member 2', true, 2],
    ],
  ]);
  for (let count = 0; count < 2; count++) await publish('jobs/other', 'turn');
  expect(await harvest()).toEqual([['turn'], ['turn']]);
});
