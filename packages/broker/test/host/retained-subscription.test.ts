import { expect, test } from 'vitest';
import { brokerUnderTest } from '../broker-under-test.ts';

test.each(['rooms/+', 'rooms/12'])(
  'who subscribes to %s in process gets what is retained then, and each later message once',
  async (filter) => {
    const { broker, laboratory, publish } = brokerUnderTest();
    await publish('rooms/12', 'old', { retain: true });
    const seen: string[] = [];
    broker.subscribe(filter, (message) => {
      seen.push(`${message.text()} ${message.retained ? 'retained' : 'live'}`);
    });
    await laboratory.settle();
    await publish('rooms/12', 'new', { retain: true });
    expect(seen).toEqual(['old retained', 'new live']);
  },
);

test.each(['rooms/+', 'rooms/12'])(
  'a message retained in the turn of the subscription to %s comes once, live',
  async (filter) => {
    const { broker, publish } = brokerUnderTest();
    const seen: boolean[] = [];
    broker.subscribe(filter, ({ retained }) => {
      seen.push(retained);
    });
    await publish('rooms/12', 'new', { retain: true });
    expect(seen).toEqual([false]);
  },
);
