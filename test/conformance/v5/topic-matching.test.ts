import { expect, test } from 'vitest';
import { world } from '../broker.ts';

/** Which of the filters a message of this topic reaches: by a client of its own for each. */
async function reached(topic: string, filters: readonly string[]): Promise<string[]> {
  const { connect } = world();
  const clients = [];
  for (const filter of filters) {
    const client = await connect();
    await client.subscribe(filter);
    clients.push({ filter, client });
  }
  const publisher = await connect();
  await publisher.publish(topic, 'x');
  const hits: string[] = [];
  for (const { filter, client } of clients) {
    if ((await client.receiveAll()).length > 0) hits.push(filter);
  }
  return hits;
}

async function matches(topic: string, filters: readonly string[], others: readonly string[]): Promise<void> {
  expect(await reached(topic, [...filters, ...others])).toEqual(filters);
}

test('[MQTT-4.7.1-1] # takes its parent and everything below', async () => {
  await matches('a', ['a', 'a/#', '#'], ['a/', 'a/b/#', '/#', 'ab/#']);
  await matches('a/b/c', ['a/#', 'a/b/#', 'a/b/c/#', '#'], ['a/b/c/d/#', 'b/#']);
  await matches('/a', ['/#', '#', '/a/#'], ['a/#']);
});

test('[MQTT-4.7.1-2] + takes one level, at any place, an empty one too', async () => {
  await matches('a', ['+'], ['+/+', '/+', 'a/+']);
  await matches('/a', ['+/+', '/+', '+/a'], ['+']);
  await matches('a/', ['a/+', '+/'], ['+', 'a']);
  await matches('a/b/c', ['a/+/c', '+/b/+', '+/+/#', 'a/+/#'], ['a/+', '+/c', '+/+']);
  await matches('a//c', ['a/+/c', 'a//c'], ['a/c']);
});

test('[MQTT-4.7.2-1] a filter that begins with a wildcard never matches a topic that begins with $', async () => {
  await matches('$data/a', ['$data/#', '$data/+', '$data/a'], ['#', '+/a', '+/+', '+/#']);
  await matches('a/$data', ['#', 'a/+', '+/+'], []);
});

test('[§4.7.2] clients cannot publish below $SYS, and can below other names with $', async () => {
  const { connect } = world();
  const client = await connect();
  expect((await client.publish('$SYS/mine', 'x', { qos: 1 })).reasonCode).toBe(0x87);
  expect((await client.publish('$mine', 'x', { qos: 1 })).reasonCode).toBe(0x10);
  await client.ping();
});

test('[MQTT-4.7.3-4] matching is character by character: case counts, nothing is normalized', async () => {
  await matches('A', ['A'], ['a']);
  // The same letter, once as one character and once as two.
  await matches('\u00e9', ['\u00e9'], ['e\u0301', '\u00c9']);
  await matches('e\u0301', ['e\u0301'], ['\u00e9']);
  await matches(' a ', [' a '], ['a', ' a']);
  await matches('a/../b', ['a/../b'], ['b']);
});

test('[MQTT-4.7.3-3] a topic of 65,535 bytes, the longest there is, goes through', async () => {
  const { connect } = world();
  const client = await connect();
  const topic = 'x'.repeat(65_535);
  expect((await client.subscribe(topic)).reasonCodes).toEqual([0]);
  await client.publish(topic, 'x');
  expect((await client.receiveMessage()).topic).toBe(topic);
});
