import { describe, expect, it } from 'vitest';
import { readTopicLine } from '../src/topic-line.ts';
import type { TopicOptions } from '../src/topic-options.ts';
import { topicRule } from '../src/topic-rule.ts';
import { JoinedBrokers } from './joined-brokers.ts';
import { ScriptedWorld } from './scripted-remote.ts';

/** The topic as the other side has it. */
const out = (options: TopicOptions, topic: string) => topicRule(options).map(topic, 'local');
const back = (options: TopicOptions, topic: string) => topicRule(options).map(topic, 'remote');

describe('A topic is renamed', () => {
  it('by prefixes, as in Mosquitto', () => {
    const rule = readTopicLine('topic sensors/# out 1 local/ remote/');
    expect(rule).toEqual({
      filter: 'sensors/#',
      direction: 'out',
      qos: 1,
      localPrefix: 'local/',
      remotePrefix: 'remote/',
    });
    expect(topicRule(rule).filter).toEqual({ local: 'local/sensors/#', remote: 'remote/sensors/#' });
    expect(out(rule, 'local/sensors/7')).toBe('remote/sensors/7');
    expect(out(rule, 'sensors/7')).toBeUndefined();
    expect(back(rule, 'remote/sensors/7')).toBe('local/sensors/7');
  });

  it('as a whole, where the pattern is empty', () => {
    const rule = readTopicLine('"" both 2 here/state there/condition');
    expect(out(rule, 'here/state')).toBe('there/condition');
    expect(back(rule, 'there/condition')).toBe('here/state');
  });

  it('by patterns, names standing for the same level wherever it is', () => {
    const rule = { local: 'sensors/{id}/+', remote: 'plant7/{id}/+' };
    expect(topicRule(rule).filter).toEqual({ local: 'sensors/+/+', remote: 'plant7/+/+' });
    expect(out(rule, 'sensors/9/temperature')).toBe('plant7/9/temperature');
    expect(back(rule, 'plant7/9/temperature')).toBe('sensors/9/temperature');
    expect(out({ local: '{site}/{id}/#', remote: 'all/{id}/at/{site}/#' }, 'x/y/1/2')).toBe('all/y/at/x/1/2');
    expect(out({ local: 'a/#', remote: 'b/{rest...}' }, 'a')).toBe('b');
  });

  it('never into something that is no topic', () => {
    expect(() => topicRule({ filter: '', localPrefix: 'a' })).toThrow('The topic filter is empty');
    expect(out({ local: 'a/{x}', remote: '{x}' }, 'a/')).toBeUndefined();
  });

  it.each([
    [{ local: 'a/{x}', remote: 'b/{y}' }, '"{x}" stands on one side only'],
    [{ local: 'a/+', remote: 'b' }, '"+0" stands on one side only'],
    [{ filter: '$share/g/a' }, 'is a shared filter'],
    [{ filter: '#', localPrefix: '+/' }, 'a prefix has no wildcards'],
    [{ filter: 'a/#/b' }, 'must be the whole last level'],
  ] as const)('but not by %j', (options, why) => {
    expect(() => topicRule(options)).toThrow(why);
  });

  it.each(['a up', 'a out 3', 'a out 1 x y z'])('nor by the line "%s"', (line) => {
    expect(() => readTopicLine(line)).toThrow('is not "topic [out|in|both');
  });
});

describe('What belongs to a message', () => {
  it('arrives with it, in both directions', async () => {
    const world = new JoinedBrokers();
    const topics = ['req/# both 1 "" a/', 'resp/# both 1 "" a/'];
    const a = world.site('a', [{ name: 'b', addresses: 'mqtt://b', topics }]);
    const b = world.site('b');
    await world.start();
    const [atA, atB] = [await world.client(a), await world.client(b)];
    await atB.subscribe('a/req/#', { qos: 1 });
    await atA.subscribe('resp/#', { qos: 1 });
    await atA.publish('req/1', '{}', {
      qos: 1,
      properties: {
        payloadFormatIndicator: 1,
        contentType: 'application/json',
        responseTopic: 'resp/7',
        correlationData: Uint8Array.of(1, 2),
        userProperties: [
          ['b', '1'],
          ['a', '2'],
          ['b', '3'],
        ],
      },
    });
    const { properties } = await atB.receiveMessage();
    expect(properties).toEqual({
      payloadFormatIndicator: 1,
      contentType: 'application/json',
      responseTopic: 'a/resp/7',
      correlationData: Uint8Array.of(1, 2),
      userProperties: [
        ['b', '1'],
        ['a', '2'],
        ['b', '3'],
        ['carillon-bridge', 'a'],
      ],
    });
    await atB.publish(properties.responseTopic ?? '', 'yes', {
      qos: 1,
      properties: { correlationData: Uint8Array.of(1, 2) },
    });
    expect(await atA.receiveMessage()).toMatchObject({
      topic: 'resp/7',
      properties: { correlationData: Uint8Array.of(1, 2) },
    });
  });

  it('expires while it waits for the remote broker, and the rest of its time goes with it', async () => {
    const world = new ScriptedWorld({ topics: ['out/# out 1'], backOff: { minimum: 10, maximum: 10 } });
    world.unreachable.add('far');
    await world.start();
    await world.publish('out/short', '', { qos: 1, properties: { messageExpiryInterval: 5 } });
    await world.publish('out/long', '', { qos: 1, properties: { messageExpiryInterval: 60 } });
    await world.laboratory.advance(10_000);
    world.unreachable.clear();
    await world.laboratory.advance(20);
    await world.line.accept();
    expect(await world.line.expect('publish')).toMatchObject({
      topic: 'out/long',
      properties: { messageExpiryInterval: 50 },
    });
  });

  it('stays behind towards a broker of 3.1.1', async () => {
    const world = new ScriptedWorld({ topics: ['out/# out 1'], protocolVersion: 4 }, { version: 4 });
    await world.start();
    await world.line.expect('connect');
    await world.line.sendBytes(0x20, 2, 0, 0);
    await world.publish('out/1', 'x', {
      qos: 1,
      properties: { contentType: 'text/plain', userProperties: [['a', '1']] },
    });
    expect(await world.line.expect('publish')).toMatchObject({ topic: 'out/1', qos: 1, properties: {} });
  });
});

describe('The RETAIN flag', () => {
  async function retainedAtB(topic: string, retain: boolean): Promise<string[]> {
    const world = new JoinedBrokers();
    const topics: TopicOptions[] = [
      { filter: 'keep/#', qos: 1 },
      { filter: 'clear/#', qos: 1, retain: 'clear' },
      { filter: 'only/#', qos: 1, retain: 'only' },
    ];
    const a = world.site('a', [{ name: 'b', addresses: 'mqtt://b', topics, notifications: false }]);
    const b = world.site('b');
    await world.start();
    const [atA, atB] = [await world.client(a), await world.client(b)];
    await atB.subscribe('#', { qos: 1 });
    await atA.publish(topic, 'x', { qos: 1, retain });
    const arrived = (await atB.receiveAll()).filter(({ type }) => type === 'publish');
    return [
      `arrived ${arrived.length}`,
      b.broker.retained(topic) === undefined ? 'not retained' : 'retained',
    ];
  }

  it.each([
    ['keep/1', true, ['arrived 1', 'retained']],
    ['keep/1', false, ['arrived 1', 'not retained']],
    ['clear/1', true, ['arrived 1', 'not retained']],
    ['only/1', true, ['arrived 1', 'retained']],
    ['only/1', false, ['arrived 0', 'not retained']],
  ] as const)('%s, retain %s', async (topic, retain, expected) => {
    expect(await retainedAtB(topic, retain)).toEqual(expected);
  });

  it('messages retained before the bridge was there go over when it is', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'b', addresses: 'mqtt://b', topics: ['out/# out', 'in/# in'] }]);
    const b = world.site('b');
    void a.broker.start();
    void b.broker.start();
    a.broker.publish('out/state', '1', { retain: true }).catch(() => {});
    b.broker.publish('in/state', '2', { retain: true }).catch(() => {});
    await world.start();
    expect(b.broker.retained('out/state')).toBeDefined();
    expect(a.broker.retained('in/state')).toBeDefined();
  });
});
