import { expect, test } from 'vitest';
import { field, packetOf } from '../wire.ts';
import { expectClosedUpon, world311 } from './world311.ts';

/** The topics that reach somebody who subscribed to the filter. */
async function matching(filter: string, topics: readonly string[]): Promise<string[]> {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  expect((await alice.subscribe(filter)).reasonCodes).toEqual([0]);
  for (const topic of topics) await bob.publish(topic);
  return (await alice.receiveAll()).flatMap((packet) => (packet.type === 'publish' ? [packet.topic] : []));
}

test('[v3:MQTT-4.7.1-2] # matches the level above it, and any number of levels below', async () => {
  expect(await matching('a/#', ['a', 'a/', 'a/b', 'a/b/c', 'ab', 'b/a'])).toEqual([
    'a',
    'a/',
    'a/b',
    'a/b/c',
  ]);
  expect(await matching('#', ['a', '/', 'a/b/c'])).toEqual(['a', '/', 'a/b/c']);
});

test('[v3:MQTT-4.7.1-3] + matches one whole level, an empty one too', async () => {
  expect(await matching('+', ['a', '/a', 'a/b', 'b'])).toEqual(['a', 'b']);
  expect(await matching('+/+', ['a', '/a', 'a/b', 'a/', 'a/b/c'])).toEqual(['/a', 'a/b', 'a/']);
  expect(await matching('a/+/c', ['a/b/c', 'a//c', 'a/c', 'a/b/b/c'])).toEqual(['a/b/c', 'a//c']);
  expect(await matching('+/a/#', ['a/a', '/a/b', 'a/b/a'])).toEqual(['a/a', '/a/b']);
});

test('[v3:MQTT-4.7.2-1] a filter that begins with a wildcard matches no topic that begins with $', async () => {
  const topics = ['$own', '$own/a', 'own/a'];
  expect(await matching('#', topics)).toEqual(['own/a']);
  expect(await matching('+/a', topics)).toEqual(['own/a']);
  expect(await matching('+/#', topics)).toEqual(['own/a']);
  expect(await matching('$own/#', topics)).toEqual(['$own', '$own/a']);
  expect(await matching('$own/+', topics)).toEqual(['$own/a']);
});

test('[v3:MQTT-4.7.1-1] the wildcards of a filter may not stand in a topic: such a PUBLISH closes', async () => {
  for (const topic of ['a/+', 'a/#', '+', '#']) await expectClosedUpon(packetOf(0x30, field(topic)));
});

test('[v3:MQTT-4.7.3-1] a topic to publish to, or a filter to subscribe to, of no character closes', async () => {
  await expectClosedUpon(packetOf(0x30, field('')));
  await expectClosedUpon(packetOf(0x82, [0, 1], field(''), [0]));
});

test('[v3:MQTT-4.7.3-2] U+0000 in a topic or filter closes', async () => {
  await expectClosedUpon(packetOf(0x30, field('a\0')));
  await expectClosedUpon(packetOf(0x82, [0, 1], field('a\0'), [0]));
  await expectClosedUpon(packetOf(0xa2, [0, 1], field('a\0')));
});

test('[v3:MQTT-4.7.3-3] a topic of 65,535 bytes goes through; more cannot be said', async () => {
  const topic = `${'é'.repeat(32_767)}x`;
  expect(await matching(topic, [topic])).toEqual([topic]);
});

test('[v3:MQTT-4.7.3-4] characters are compared as they are: case counts, and nothing is normalized', async () => {
  const composed = 'caf\u00e9';
  const decomposed = 'cafe\u0301';
  expect(await matching(composed, [composed, decomposed, composed.toUpperCase()])).toEqual([composed]);
  expect(await matching('a', ['A', 'a', 'a ', ' a', 'a/', '/a', '\uff41'])).toEqual(['a']);
});
