import type { MessageProperties } from '@carillon/protocol';
import type { Message } from '../message.ts';
import type { QueueEntry, SessionRecord, SubscriptionRecord, WillRecord } from '../records.ts';
import { assertAlike } from './assert.ts';
import type { Suite } from './options.ts';
import {
  aMessage,
  anEntry,
  aSession,
  aSubscription,
  aWill,
  fullMessage,
  putSession,
  someInstant,
} from './samples.ts';
import type { Subject } from './subject.ts';

const latestInstant = 8_640_000_000_000_000;

/** Every field of every record comes back as it was stored. */
export function roundTrips({ test, testRestart }: Suite<Subject>): void {
  testRestart('round trips: sessions keep every field', async (subject) => {
    for (const session of sessionVariants) await subject.commit({ do: 'putSession', session });
    const { sessions } = await subject.restart();
    assertAlike(
      [...sessions.keys()].sort(),
      sessionVariants.map((one) => one.clientId).sort(),
      'the sessions',
    );
    for (const expected of sessionVariants) {
      assertAlike(sessions.get(expected.clientId)?.session, expected, `the session "${expected.clientId}"`);
    }
  });

  testRestart(
    'round trips: a session that is put again replaces its record and keeps what it has',
    async (subject) => {
      await subject.commit(putSession('a'), {
        do: 'putSubscription',
        clientId: 'a',
        subscription: aSubscription('x'),
      });
      await subject.commit({ do: 'enqueue', clientId: 'a', entry: anEntry(1) });
      const replaced = aSession('a', { disconnectedAt: undefined, identity: 'alice' });
      await subject.commit({ do: 'putSession', session: replaced });
      const loaded = (await subject.restart()).sessions.get('a');
      assertAlike(loaded?.session, replaced, 'the session');
      assertAlike([...(loaded?.subscriptions.keys() ?? [])], ['x'], 'the subscriptions');
      assertAlike(await subject.sequences('a'), [1], 'the queue');
    },
  );

  testRestart(
    'round trips: subscriptions keep every field, and the last word about a filter counts',
    async (subject) => {
      await subject.commit(putSession('a'));
      for (const subscription of subscriptionVariants) {
        await subject.commit({ do: 'putSubscription', clientId: 'a', subscription });
      }
      await subject.commit(
        { do: 'deleteSubscription', clientId: 'a', filter: 'gone' },
        { do: 'deleteSubscription', clientId: 'a', filter: 'never there' },
      );
      const expected = new Map(subscriptionVariants.map((one) => [one.filter, one]));
      expected.delete('gone');
      const { sessions } = await subject.restart();
      assertAlike(sessions.get('a')?.subscriptions, expected, 'the subscriptions');
    },
  );

  testRestart(
    'round trips: inbound packet identifiers are kept until they are given back',
    async (subject) => {
      await subject.commit(putSession('a'));
      for (const packetId of [1, 2, 255, 256, 65_535, 2]) {
        await subject.commit({ do: 'putInboundId', clientId: 'a', packetId });
      }
      await subject.commit({ do: 'deleteInboundId', clientId: 'a', packetId: 255 });
      const { sessions } = await subject.restart();
      assertAlike(sessions.get('a')?.inboundIds, new Set([1, 2, 256, 65_535]), 'the inbound identifiers');
    },
  );

  for (const [name, will] of willVariants) {
    testRestart(`round trips: a Will keeps every field: ${name}`, async (subject) => {
      await subject.commit(putSession('a'), { do: 'putWill', clientId: 'a', will: aWill('replaced') });
      await subject.commit({ do: 'putWill', clientId: 'a', will });
      assertAlike((await subject.restart()).sessions.get('a')?.will, will, 'the Will');
      await subject.commit({ do: 'deleteWill', clientId: 'a' });
      assertAlike((await subject.restart()).sessions.get('a')?.will, undefined, 'the Will');
    });
  }

  testRestart('round trips: retained messages keep every field', async (subject) => {
    const expected = new Map(
      messageVariants.map((message, place) => [`t/${place}`, { ...message, topic: `t/${place}` }]),
    );
    for (const message of expected.values()) await subject.commit({ do: 'putRetained', message });
    assertAlike((await subject.restart()).retained, expected, 'the retained messages');
  });

  testRestart('round trips: a retained message is replaced, and removed', async (subject) => {
    await subject.commit(
      { do: 'putRetained', message: aMessage('one', { topic: 'a' }) },
      { do: 'putRetained', message: aMessage('one', { topic: 'b' }) },
    );
    const second = fullMessage('two');
    await subject.commit(
      { do: 'putRetained', message: { ...second, topic: 'a' } },
      { do: 'deleteRetained', topic: 'b' },
      { do: 'deleteRetained', topic: 'never there' },
    );
    assertAlike(
      (await subject.restart()).retained,
      new Map([['a', { ...second, topic: 'a' }]]),
      'the retained messages',
    );
  });

  test('round trips: queue entries keep every field', async (subject) => {
    await subject.commit(putSession('a'));
    for (const entry of entryVariants) await subject.commit({ do: 'enqueue', clientId: 'a', entry });
    assertAlike(await subject.queue('a'), entryVariants, 'the queue');
  });

  testRestart('round trips: queue entries keep every field across a restart', async (subject) => {
    await subject.commit(putSession('a'));
    for (const entry of entryVariants) await subject.commit({ do: 'enqueue', clientId: 'a', entry });
    await subject.restart();
    assertAlike(await subject.queue('a'), entryVariants, 'the queue');
  });
}

const sessionVariants: readonly SessionRecord[] = [
  aSession('plain'),
  aSession('connected', { disconnectedAt: undefined }),
  aSession('version 3.1', { protocolVersion: 3, sessionExpiryInterval: 0xffff_ffff }),
  aSession('version 3.1.1', { protocolVersion: 4, sessionExpiryInterval: 0 }),
  aSession('instants', { createdAt: 0, disconnectedAt: latestInstant }),
  aSession('named', { identity: 'alice', groups: ['night shift', 'tür'], mountPoint: 'tenants/7/' }),
  aSession('empty name', { identity: '' }),
];

const subscriptionVariants: readonly SubscriptionRecord[] = [
  aSubscription('plain', { qos: 2 }),
  aSubscription('gone'),
  aSubscription('plain', { qos: 0 }),
  aSubscription('flags', { noLocal: true, retainAsPublished: true, retainHandling: 1 }),
  aSubscription('handling', { retainHandling: 2, qos: 2, subscriptionIdentifier: 268_435_455 }),
  aSubscription('one', { subscriptionIdentifier: 1 }),
  aSubscription('$share/workers/jobs/+', { shareName: 'workers', topicFilter: 'tenants/7/jobs/+' }),
  aSubscription('mounted/#', { topicFilter: 'tenants/7/mounted/#' }),
];

const everyProperty: readonly MessageProperties[] = [
  { payloadFormatIndicator: 0 },
  { payloadFormatIndicator: 1 },
  { messageExpiryInterval: 0 },
  { contentType: '' },
  { responseTopic: 'r' },
  { correlationData: new Uint8Array(0) },
  { userProperties: [['k', 'v']] },
];

const messageVariants: readonly Message[] = [
  aMessage('plain'),
  fullMessage('full'),
  aMessage('', { qos: 0 }),
  aMessage('kept', { retain: true, qos: 2, origin: 'will' }),
  aMessage('expired', { expiresAt: someInstant - 1, origin: 'host', publisherId: '' }),
  aMessage('far', { expiresAt: latestInstant, receivedAt: 0, origin: 'system' }),
  ...everyProperty.map((properties) => aMessage('property', { properties })),
];

const entryVariants: readonly QueueEntry[] = [
  ...messageVariants.map((message, place) => anEntry(place + 1, { message })),
  anEntry(101, { qos: 2, retain: true, subscriptionIdentifiers: [1, 268_435_455], share: '$share/g/#' }),
  anEntry(102, { qos: 0 }),
  anEntry(103, { qos: 1, packetId: 65_535, state: 'sent' }),
  anEntry(104, { qos: 2, packetId: 1, state: 'released' }),
];

const willVariants: readonly (readonly [name: string, will: WillRecord])[] = [
  ['plain', aWill('plain')],
  ['delayed', aWill('later', { delayInterval: 4_294_967_295 })],
  ['due', aWill('soon', { delayInterval: 30, dueAt: someInstant + 30_000 })],
  ['full', fullWill()],
];

function fullWill(): WillRecord {
  const { receivedAt: _, expiresAt: __, ...message } = fullMessage('full');
  return { message: { ...message, origin: 'will' }, delayInterval: 1, dueAt: latestInstant };
}
