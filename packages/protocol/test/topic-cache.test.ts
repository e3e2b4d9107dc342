import { PacketReader, TopicCache } from '@carillon/protocol';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../src/topic-cache.ts';
import { bytes, refusalOf } from './reading.ts';

const find = (cache: TopicCache, topic: string) => {
  const source = bytes(topic);
  return cache.find(source, 0, source.length);
};
const remember = (cache: TopicCache, topic: string) => {
  const source = bytes(topic);
  cache.remember(source, 0, source.length, topic);
};

/** Among some 100 000 topics two are likely to have the same 32 bits; the search goes on until it has them. */
function twoTopicsOfOneHash(): [string, string] {
  const seen = new Map<number, string>();
  for (let number = 0; number < 5_000_000; number++) {
    const topic = Math.imul(number, 0x9e3779b1).toString(36).padStart(8, '_');
    const hash = hashOf(bytes(topic), 0, topic.length);
    const other = seen.get(hash);
    if (other !== undefined) return [other, topic];
    seen.set(hash, topic);
  }
  throw new Error('no two topics have the same hash');
}

describe('the topic cache', () => {
  it('finds what it was told, anywhere in a chunk', () => {
    const cache = new TopicCache();
    const chunk = bytes('..sensors/1..');
    expect(cache.find(chunk, 2, 11)).toBeUndefined();
    cache.remember(chunk, 2, 11, 'sensors/1');
    expect(cache.find(chunk, 2, 11)).toBe('sensors/1');
    expect(find(cache, 'sensors/1')).toBe('sensors/1');
    expect(find(cache, 'sensors/2')).toBeUndefined();
    expect(find(cache, 'sensors/')).toBeUndefined();
  });

  it('keeps its own copy of the bytes', () => {
    const cache = new TopicCache();
    const source = bytes('abc');
    cache.remember(source, 0, 3, 'abc');
    source.fill(0x7a);
    expect(cache.find(source, 0, 3)).toBeUndefined();
    expect(find(cache, 'abc')).toBe('abc');
  });

  it('is never wrong, however full and crowded it is', () => {
    const cache = new TopicCache({ entries: 8, maximumTopicBytes: 16 });
    let hits = 0;
    for (let round = 0; round < 3; round++) {
      for (let number = 0; number < 600; number++) {
        const topic = `t/${number % 300}/é`;
        const found = find(cache, topic);
        if (found !== undefined) hits++;
        expect(found ?? topic).toBe(topic);
        remember(cache, topic);
        expect(find(cache, topic)).toBe(topic);
      }
    }
    expect(hits).toBeLessThan(1800);
  });

  it('tells topics apart whose hashes are the same', () => {
    const [first, second] = twoTopicsOfOneHash();
    const cache = new TopicCache();
    remember(cache, first);
    expect(find(cache, second)).toBeUndefined();
    remember(cache, second);
    expect(find(cache, first)).toBe(first);
    expect(find(cache, second)).toBe(second);
  });

  it('holds no more topics than it was allowed', () => {
    const cache = new TopicCache({ entries: 16 });
    const topics = Array.from({ length: 1000 }, (_, number) => `topic/${number}`);
    for (const topic of topics) remember(cache, topic);
    expect(topics.filter((topic) => find(cache, topic) !== undefined).length).toBeLessThanOrEqual(16);
  });

  it('keeps a topic in use while others come once and go', () => {
    const cache = new TopicCache({ entries: 4 });
    remember(cache, 'hot');
    for (let number = 0; number < 100; number++) {
      expect(find(cache, 'hot')).toBe('hot');
      remember(cache, `cold/${number}`);
    }
    expect(find(cache, 'hot')).toBe('hot');
  });

  it('holds most of the topics that differ in a number, up to half of its size', () => {
    const cache = new TopicCache({ entries: 4096 });
    const topics = Array.from({ length: 2048 }, (_, number) => `home/room-${number}`);
    for (const topic of topics) remember(cache, topic);
    const held = topics.filter((topic) => find(cache, topic) !== undefined).length;
    expect(held / topics.length).toBeGreaterThan(0.9);
  });

  it('does not keep topics that are too long, nor the empty one', () => {
    const cache = new TopicCache({ maximumTopicBytes: 4 });
    remember(cache, 'abcd');
    remember(cache, 'abcde');
    remember(cache, '');
    expect(find(cache, 'abcd')).toBe('abcd');
    expect(find(cache, 'abcde')).toBeUndefined();
    expect(find(cache, '')).toBeUndefined();
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 30])('refuses to have %s entries', (entries) => {
    expect(() => new TopicCache({ entries })).toThrowError(RangeError);
  });

  it.each([0, 65536, 0.5])('refuses topics of %s bytes', (maximumTopicBytes) => {
    expect(() => new TopicCache({ maximumTopicBytes })).toThrowError(RangeError);
  });

  it('serves many readers: a topic that one has decoded the others find', () => {
    const topicCache = new TopicCache();
    const readTopic = (version: 4 | 5, source: Uint8Array) => {
      const reader = new PacketReader({ maximumPacketSize: 100, protocolVersion: version, topicCache });
      reader.feed(source);
      const packet = reader.next();
      return packet?.type === 'publish' ? packet.topic : undefined;
    };
    expect(readTopic(5, bytes(0x30, 6, 0, 3, 'a/b', 0))).toBe('a/b');
    expect(find(topicCache, 'a/b')).toBe('a/b');

    const source = bytes('x/y');
    topicCache.remember(source, 0, 3, 'planted, to see that it is asked');
    expect(readTopic(4, bytes(0x30, 5, 0, 3, 'x/y'))).toBe('planted, to see that it is asked');
  });

  it('never takes in a topic that is not well-formed', () => {
    const topicCache = new TopicCache();
    for (let attempt = 0; attempt < 2; attempt++) {
      const reader = new PacketReader({ maximumPacketSize: 100, protocolVersion: 4, topicCache });
      reader.feed(bytes(0x30, 4, 0, 2, 0xc3, 0x28));
      expect(() => reader.next()).toThrowError(/MQTT-1\.5\.3-1/);
    }
    expect(refusalOf(bytes(0x30, 4, 0, 2, 0xc3, 0x28), 4).rule).toBe('MQTT-1.5.3-1');
  });
});
