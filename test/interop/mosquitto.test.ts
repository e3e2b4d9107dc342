import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { gate, mallory } from './gate.ts';
import { describeWith } from './installed.ts';
import { connectArguments, mosquitto, mosquittoRequest, mosquittoTools } from './mosquitto.ts';
import { mqttJs } from './mqttjs.ts';
import { type Ending, run } from './program.ts';
import { type Appearance, versionName } from './speaker.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
  broker.broker.use(gate);
});

afterAll(() => broker[Symbol.asyncDispose]());

function pub(appearance: Appearance, ...args: string[]): Promise<Ending> {
  return run('mosquitto_pub', [...connectArguments(broker, appearance), ...args]);
}

function sub(appearance: Appearance, ...args: string[]): Promise<Ending> {
  return run('mosquitto_sub', [...connectArguments(broker, appearance), ...args]);
}

describeWith(mosquittoTools, 'mosquitto_pub and mosquitto_sub', () => {
  for (const version of [3, 4] as const) {
    test(`MQTT ${versionName(version)}: it says that its password is wrong`, async () => {
      const { code, stderr } = await pub({ version, ...mallory }, '-t', 'a', '-m', 'x');
      expect(code).toBe(4);
      expect(stderr).toContain('Connection Refused: bad user name or password');
    });

    test(`MQTT ${versionName(version)}: it says that its subscription is denied`, async () => {
      const { stdout, stderr } = await sub({ version }, '-d', '-t', 'forbidden/place');
      expect(stdout).toContain('Subscribed (mid: 1): 128');
      expect(stderr).toContain('All subscription requests were denied.');
    });
  }

  test('MQTT 5.0: it says that its password is wrong', async () => {
    const { code, stderr } = await pub(mallory, '-t', 'a', '-m', 'x');
    expect(code).toBe(0x86);
    expect(stderr).toContain('Bad User Name or Password');
  });

  test('MQTT 5.0: it says that its subscription is denied', async () => {
    const { stdout } = await sub({}, '-d', '-t', 'forbidden/place');
    expect(stdout).toContain(`Subscribed (mid: 1): ${0x87}`);
  });

  for (const qos of ['1', '2']) {
    test(`MQTT 5.0: it says that it may not publish with QoS ${qos}`, async () => {
      const { stderr } = await pub({}, '-t', 'forbidden/place', '-q', qos, '-m', 'x');
      expect(stderr).toContain('Publish 1 failed: Not authorized');
    });
  }

  test('MQTT 5.0: it learns that nobody listens', async () => {
    const { stdout } = await pub({}, '-d', '-t', 'desert', '-q', '1', '-m', 'x');
    expect(stdout).toContain(`received PUBACK (Mid: 1, RC:${0x10})`);
  });

  test('MQTT 5.0: messages it sends by topic alias arrive under the topic', async () => {
    await using watcher = await mosquitto.subscribe(broker, {}, { filters: ['aliases/#'] });
    const alias = ['-D', 'publish', 'topic-alias', '7'];
    const { stdout } = await pub(
      {},
      '-d',
      '-t',
      'aliases/long',
      '-m',
      'x',
      '-q',
      '1',
      '--repeat',
      '3',
      ...alias,
    );
    // Its own log says that the later ones carried no topic.
    expect(stdout.match(/m\d, '\(null\)'/g)).toHaveLength(2);
    for (let count = 0; count < 3; count += 1) expect((await watcher.next()).topic).toBe('aliases/long');
  });

  test('it ends when it has taken as many retained messages as it asked for', async () => {
    for (const place of ['a', 'b', 'c']) {
      await broker.broker.publish(`cellar/${place}`, place, { qos: 1, retain: true });
    }
    const { code, stdout } = await sub({}, '-t', 'cellar/+', '-C', '3', '-q', '1', '--retained-only');
    expect(code).toBe(0);
    expect(stdout.split('\n').sort()).toEqual(['a', 'b', 'c']);
  });

  test('it reads what the broker tells of itself in $SYS', async () => {
    const { stdout } = await sub({ version: 4 }, '-t', '$SYS/broker/version', '-C', '1');
    expect(stdout).toMatch(/^carillon \d+\.\d+\.\d+/);
  });

  test('it refuses a broker that nobody it trusts vouches for', async () => {
    const stranger = ['-h', '127.0.0.1', '-p', String(broker.ports.tls), '--capath', '/nonexistent'];
    const { code } = await run('mosquitto_pub', [...stranger, '-t', 'a', '-m', 'x']);
    expect(code).not.toBe(0);
  });
});

describeWith([mosquittoRequest], 'mosquitto_rr', () => {
  test('it asks, and prints the response', async () => {
    await using service = await mqttJs.subscribe(broker, {}, { filters: ['time'] });
    const args = ['-t', 'time', '-e', 'time/answers', '-m', 'what time is it?', '-q', '1', '-W', '10'];
    const asking = run('mosquitto_rr', [...connectArguments(broker, {}), ...args]);

    const { payload, properties } = await service.next();
    expect(payload.toString()).toBe('what time is it?');
    expect(properties.responseTopic).toBe('time/answers');
    await mqttJs.publish(broker, {}, { topic: properties.responseTopic ?? '', payload: 'noon', qos: 1 });

    expect(await asking).toMatchObject({ code: 0, stdout: 'noon' });
  });
});
