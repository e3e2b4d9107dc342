import { assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import { aMessage, aSubscription, enqueue, everythingOf, putSession, putSubscription } from './samples.ts';
import type { Subject } from './subject.ts';

/** As long as an MQTT string can be. */
const longest = 65_535;

/** Names that meet in a store whose keys do not keep them apart. */
const lookalikes: readonly string[] = [
  'a',
  'ab',
  'abc',
  'A',
  'a/b',
  'a:b',
  'a%',
  'a%2Fb',
  '/',
  ':',
  '%',
  '%00',
  '\\',
  '.',
  '..',
  '*',
  '?',
  '"',
  "'",
  ' ',
  'a ',
  ' a',
  '-',
  '_',
  '!',
  '~',
  '\u0001',
  'a\u0001',
  'a\u007f',
  'a\ufffd',
  '\uffff',
  'a\uffff',
  'ä',
  'a\u0308',
  '時計',
  '😀',
  '\udbff\udfff',
  '__proto__',
  'constructor',
  'undefined',
  'null',
  '0',
  '00',
  '1',
];

/** Whatever a client calls itself, it never meets another. */
export function ids({ test, testRestart }: Suite<Subject>): void {
  // Of all strings only the client identifier may be empty.
  const clientIds = ['', ...lookalikes];

  testRestart('ids: sessions with similar names keep what is theirs', async (subject) => {
    for (const [place, clientId] of clientIds.entries()) {
      await subject.commit(
        putSession(clientId, { createdAt: place }),
        putSubscription(clientId, `filter/${place}`),
        enqueue(clientId, place + 1),
        { do: 'putInboundId', clientId, packetId: place + 1 },
      );
    }
    const { sessions } = await subject.restart();
    assertAlike([...sessions.keys()].sort(), [...clientIds].sort(), 'the sessions');
    for (const [place, clientId] of clientIds.entries()) {
      const session = sessions.get(clientId);
      const what = `of ${JSON.stringify(clientId)}`;
      assertAlike(session?.session.createdAt, place, `the instant ${what}`);
      assertAlike(
        [...(session?.subscriptions.keys() ?? [])],
        [`filter/${place}`],
        `the subscriptions ${what}`,
      );
      assertAlike(session?.inboundIds, new Set([place + 1]), `the inbound identifiers ${what}`);
      assertAlike(await subject.sequences(clientId), [place + 1], `the queue ${what}`);
    }
  });

  testRestart('ids: a session that ends takes nothing from those with similar names', async (subject) => {
    for (const clientId of clientIds) await subject.commit(...everythingOf(clientId));
    const left = clientIds.filter((_, place) => place % 2 === 1);
    for (const clientId of clientIds) {
      if (!left.includes(clientId)) await subject.commit({ do: 'deleteSession', clientId });
    }
    const { sessions } = await subject.restart();
    assertAlike([...sessions.keys()].sort(), [...left].sort(), 'the sessions');
    for (const clientId of left) {
      const session = sessions.get(clientId);
      const what = `of ${JSON.stringify(clientId)}`;
      assertAlike(session?.subscriptions.size, 2, `the number of subscriptions ${what}`);
      assertAlike(session?.inboundIds.size, 1, `the number of inbound identifiers ${what}`);
      assertAlike(session?.will !== undefined, true, `whether there is a Will ${what}`);
      assertAlike(await subject.sequences(clientId), [1, 2], `the queue ${what}`);
    }
  });

  testRestart('ids: filters with similar names are different subscriptions', async (subject) => {
    const filters = ['#', '+', '+/+', '/#', '$share/a/b', '$share/a/b/c', '$share/ab/c', ...lookalikes];
    await subject.commit(putSession('a'), ...filters.map((filter) => putSubscription('a', filter)));
    await subject.commit({ do: 'deleteSubscription', clientId: 'a', filter: 'a' });
    const left = filters.filter((filter) => filter !== 'a');
    const { sessions } = await subject.restart();
    const expected = new Map(left.map((filter) => [filter, aSubscription(filter)]));
    assertAlike(sessions.get('a')?.subscriptions, expected, 'the subscriptions');
  });

  testRestart('ids: topics with similar names are different retained messages', async (subject) => {
    const topics = ['//', 'a//b', 'a/', '/a', '$SYS/a', ...lookalikes];
    const messages = topics.map((topic, place) => aMessage(`message ${place}`, { topic }));
    await subject.commit(...messages.map((message) => ({ do: 'putRetained', message }) as const));
    await subject.commit({ do: 'deleteRetained', topic: 'a' });
    const { retained } = await subject.restart();
    const left = messages
      .filter(({ topic }) => topic !== 'a')
      .map((message) => [message.topic, message] as const);
    assertAlike(retained, new Map(left), 'the retained messages');
  });

  testRestart('ids: strings may be as long as MQTT lets them be', async (subject) => {
    const clientIds = ['a', 'b'].map((last) => 'x'.repeat(longest - 1) + last);
    const filter = 'f'.repeat(longest);
    const topic = '時'.repeat(longest / 3);
    for (const clientId of clientIds) {
      const entry = { message: aMessage('long', { topic, publisherId: clientId }) };
      await subject.commit(
        putSession(clientId),
        putSubscription(clientId, filter),
        enqueue(clientId, 1, entry),
      );
      await subject.commit({ do: 'putRetained', message: entry.message });
    }
    await subject.commit({
      do: 'markSent',
      clientId: clientIds[0] ?? '',
      sequence: 1,
      packetId: 1,
      state: 'sent',
    });
    await subject.commit({ do: 'deleteSession', clientId: clientIds[1] ?? '' });
    const { sessions, retained } = await subject.restart();
    assertAlike([...sessions.keys()], clientIds.slice(0, 1), 'the sessions');
    assertAlike(
      [...(sessions.get(clientIds[0] ?? '')?.subscriptions.keys() ?? [])],
      [filter],
      'the subscriptions',
    );
    assertAlike([...retained.keys()], [topic], 'the retained messages');
    assertAlike(await subject.sequences(clientIds[0] ?? ''), [1], 'the queue');
  });

  test('ids: queues of sessions with similar names do not mix', async (subject) => {
    await subject.commit(...clientIds.map((clientId) => putSession(clientId)));
    await subject.commit(...clientIds.map((clientId, place) => enqueue(clientId, place + 1)));
    for (const [place, clientId] of clientIds.entries()) {
      assertAlike(await subject.sequences(clientId), [place + 1], `the queue of ${JSON.stringify(clientId)}`);
    }
  });
}
