import { describe, expect, it } from 'vitest';
import { makeStamp, SeenMessages } from '../src/seen-messages.ts';

/** Whether one that came by the first way is known when it comes by the second; asking notes it there too. */
const isKnown = (seen: SeenMessages, origin: string, number: number): boolean =>
  seen.isSeen(makeStamp(origin, number), 'second');

describe('What has been seen', () => {
  it('is known when it comes by another way, and not when the same way repeats itself', () => {
    const seen = new SeenMessages();
    expect(seen.isSeen('a:1', 'first')).toBe(false);
    expect(seen.isSeen('a:1', 'first')).toBe(false);
    expect(seen.isSeen('a:1', 'second')).toBe(true);
    expect(seen.isSeen('a:2', 'second')).toBe(false);
  });

  it('is known however many there were, as long as they came without gaps', () => {
    const seen = new SeenMessages();
    for (let number = 1; number <= 50_000; number++) seen.isSeen(makeStamp('a', number), 'first');
    expect(isKnown(seen, 'a', 1)).toBe(true);
    expect(isKnown(seen, 'a', 50_000)).toBe(true);
  });

  it('is forgotten from the lowest number on, beyond 4096 ranges of one broker', () => {
    const seen = new SeenMessages();
    for (let i = 0; i <= 4096; i++) seen.isSeen(makeStamp('a', 2 * i), 'first');
    expect(isKnown(seen, 'a', 0)).toBe(false);
    expect(isKnown(seen, 'a', 2)).toBe(true);
  });

  it('is forgotten of the broker that was quiet longest, beyond 256 brokers', () => {
    const seen = new SeenMessages();
    for (let i = 0; i < 256; i++) seen.isSeen(makeStamp(`broker-${i}`, 1), 'first');
    seen.isSeen('broker-0:2', 'first');
    seen.isSeen('one-more:1', 'first');
    expect(isKnown(seen, 'broker-0', 1)).toBe(true);
    expect(isKnown(seen, 'broker-1', 1)).toBe(false);
  });

  it('is forgotten with the way it came', () => {
    const seen = new SeenMessages();
    seen.isSeen('a:1', 'first');
    seen.forgetWay('first');
    expect(isKnown(seen, 'a', 1)).toBe(false);
  });
});
