import { Laboratory } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { defaultLimits, EngineBroker, type EngineOptions, OptionError } from '../../src/index.ts';
import { untyped } from '../broker-under-test.ts';

function mistakeOf(options: EngineOptions): OptionError {
  try {
    new EngineBroker(options, new Laboratory().platform);
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error('the options were accepted');
}

const mistakes: readonly [options: unknown, key: string, value: string, right: string][] = [
  [{ limits: { maximumConnections: 0 } }, 'limits.maximumConnections', '0', 'from 1 to'],
  [{ limits: { receiveMaximum: 65_536 } }, 'limits.receiveMaximum', '65536', 'from 1 to 65535'],
  [{ limits: { maximumInflight: 1.5 } }, 'limits.maximumInflight', '1.5', 'a whole number'],
  [{ limits: { maximumQueuedBytes: '1 MB' } }, 'limits.maximumQueuedBytes', '"1 MB"', 'a whole number'],
  [
    { limits: { maximumQueuedMessages: Number.NaN } },
    'limits.maximumQueuedMessages',
    'NaN',
    'a whole number',
  ],
  [{ limits: { maxConnections: 5 } }, 'limits.maxConnections', '5', 'maximumConnections'],
  [{ limits: 5 }, 'limits', '5', 'an object'],
  [{ maximumQoS: 3 }, 'maximumQoS', '3', 'one of 2, 1, 0'],
  [{ retainAvailable: 'yes' }, 'retainAvailable', '"yes"', 'true or false'],
  [{ shareStrategy: 'random' }, 'shareStrategy', '"random"', 'round-robin'],
  [{ queueOverflow: 'drop' }, 'queueOverflow', '"drop"', 'drop-newest'],
  [{ overlappingSubscriptions: true }, 'overlappingSubscriptions', 'true', 'one-copy'],
  [{ systemTopicInterval: -1 }, 'systemTopicInterval', '-1', 'from 0 to'],
  [{ hookTimeout: 0 }, 'hookTimeout', '0', 'from 1 to'],
  [{ durability: 'safe' }, 'durability', '"safe"', 'synced'],
  [{ responseInformation: 'x' }, 'responseInformation', '"x"', 'a function'],
  [{ version: 7 }, 'version', '7', 'a text'],
  [{ logger: {} }, 'logger', 'an object', 'debug'],
  [{ persistence: 'memory' }, 'persistence', '"memory"', 'a store'],
  [{ port: 1883 }, 'port', '1883', 'one of the options'],
  [null, 'options', 'null', 'an object'],
];

for (const [options, key, value, right] of mistakes) {
  test(`${key} as ${value} is named as the mistake, with what would be right`, () => {
    const mistake = mistakeOf(untyped(options));
    expect(mistake).toMatchObject({ name: 'OptionError', code: 'OPTION_INVALID', key });
    expect(mistake.message).toContain(key);
    expect(mistake.message).toContain(value);
    expect(mistake.message).toContain(right);
  });
}

test('an option that is undefined has its default', () => {
  const broker = new EngineBroker(
    untyped({ limits: { maximumConnections: undefined }, hookTimeout: undefined, logger: undefined }),
    new Laboratory().platform,
  );
  expect(broker.limits).toEqual(defaultLimits);
});

test('a durability that the store cannot promise is a mistake at the start', async () => {
  const broker = new EngineBroker({ durability: 'synced' }, new Laboratory().platform);
  await expect(broker.publish('t', '')).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    key: 'durability',
  });
});
