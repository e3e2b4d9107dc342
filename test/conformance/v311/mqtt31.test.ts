import { describe, expect, test } from 'vitest';
import { textsIn } from '../messages.ts';
import { connectBytes, field, packetOf, RawClient, type RawConnect } from '../wire.ts';
import { expectTurnedAway, world311 } from './world311.ts';

/** The bytes of a CONNECT of MQTT 3.1, which may be wrong in any of its parts. */
function connect31(draft: RawConnect = {}) {
  return connectBytes({ protocolName: 'MQIsdp', level: 3, ...draft });
}

const accepted = '20 02 00 00';

describe('CONNECT of MQTT 3.1', () => {
  test('[v3:§3.1] is accepted as MQIsdp at level 3', async () => {
    const raw = new RawClient(world311());
    expect(await raw.say(connect31())).toBe(accepted);
    expect(await raw.say(packetOf(0xc0))).toBe('d0 00');
  });

  test('[v3:MQTT-3.1.2-2] with another level is answered by CONNACK 0x01 and a close', async () => {
    for (const level of [2, 4, 5]) {
      const raw = new RawClient(world311());
      expect(await raw.say(connectBytes({ protocolName: 'MQIsdp', level, properties: [] }))).toBe(
        '20 02 00 01',
      );
      expect(raw.closed).toBe(true);
    }
  });

  test('[v3:§3.1] may set the bits that MQTT 3.1 gives no meaning', async () => {
    for (const flags of [0x03, 0x02 | 0x18, 0x02 | 0x20]) {
      expect(await new RawClient(world311()).say(connect31({ flags }))).toBe(accepted);
    }
  });

  test('[v3:§3.1] may end before the user name or password that its flags announce', async () => {
    const { broker, newcomer } = world311();
    const seen: unknown[] = [];
    broker.use({
      name: 'listener',
      hooks: {
        authenticate: ({ username, password }) => {
          seen.push([username, password]);
          return true;
        },
      },
    });
    for (const payload of [[field('raw')], [field('raw'), field('name')]]) {
      const client = newcomer({ protocolVersion: 3 });
      client.sendBytes(connect31({ flags: 0xc2, payload }));
      await client.expect('connack', { reasonCode: 0 });
    }
    expect(seen).toEqual([
      [undefined, undefined],
      ['name', undefined],
    ]);
  });

  test('[v3:§3.1] with a password but no user name closes', () =>
    expectTurnedAway(connect31({ flags: 0x42, payload: [field('raw'), field('secret')] })));

  test('[v3:§3.1] without a ClientId is answered by CONNACK 0x02 and a close, Clean Session or not', async () => {
    for (const flags of [0x00, 0x02]) {
      const raw = new RawClient(world311());
      expect(await raw.say(connect31({ flags, payload: [field('')] }))).toBe('20 02 00 02');
      expect(raw.closed).toBe(true);
    }
  });

  test('[v3:§3.1] with a ClientId of more than 23 characters is accepted, as other brokers do', async () => {
    expect(await new RawClient(world311()).say(connect31({ payload: [field('x'.repeat(64))] }))).toBe(
      accepted,
    );
  });

  test('[v3:§3.1] of a bridge, which sets the highest bit of the level, is accepted', async () => {
    expect(await new RawClient(world311()).say(connect31({ level: 0x83, properties: [] }))).toBe(accepted);
    expect(await new RawClient(world311()).say(connectBytes({ level: 0x84, properties: [] }))).toBe(accepted);
  });
});

test('[v3:§3.1] CONNACK to MQTT 3.1 never has Session Present, which it does not know', async () => {
  const place = world311();
  for (let time = 0; time < 2; time++) {
    const raw = new RawClient(place);
    expect(await raw.say(connect31({ flags: 0x00 }))).toBe(accepted);
    await raw.say(packetOf(0xe0));
  }
});

test('[v3:§3.1] SUBSCRIBE, UNSUBSCRIBE and PUBREL may have DUP when they are sent again', async () => {
  const raw = new RawClient(world311());
  await raw.say(connect31());
  expect(await raw.say(packetOf(0x8a, [0, 1], field('a'), [1]))).toBe('90 03 00 01 01');
  expect(await raw.say(packetOf(0xaa, [0, 2], field('a')))).toBe('b0 02 00 02');
  expect(await raw.say(packetOf(0x34, field('b'), [0, 3]))).toBe('50 02 00 03');
  expect(await raw.say(packetOf(0x6a, [0, 3]))).toBe('70 02 00 03');
});

test('[v3:§3.1] (open) a subscription that is refused is told by 0x80, which MQTT 3.1 has no name for', async () => {
  const place = world311();
  place.broker.use({ name: 'rules', hooks: { authorizeSubscribe: () => false } });
  const raw = new RawClient(place);
  await raw.say(connect31());
  expect(await raw.say(packetOf(0x82, [0, 1], field('a'), [1]))).toBe('90 03 00 01 80');
});

test('[v3:§3.1] messages go at every QoS, and what was in flight is sent again with DUP', async () => {
  const { connect } = world311();
  const kept = { clientId: 'alice', cleanStart: false };
  const options = { protocolVersion: 3 } as const;
  const alice = await connect(kept, options);
  const bob = await connect('bob', options);
  await alice.subscribe('news', { qos: 2 });
  for (const qos of [0, 1, 2] as const) {
    await bob.publish('news', `qos ${qos}`, { qos });
    expect(await alice.receiveMessage()).toMatchObject({ text: `qos ${qos}`, qos });
  }
  await bob.publish('news', 'in flight', { qos: 2 });
  const { packetId } = await alice.expect('publish', { dup: false });
  await alice.drop();
  const again = await connect(kept, options);
  await again.expect('publish', { packetId, dup: true });
});

test('[v3:§3.1] Clean Session 0 keeps session, queue and will rules as MQTT 3.1.1 has them', async () => {
  const { connect } = world311();
  const watcher = await connect('watcher');
  await watcher.subscribe('gone');
  const options = { protocolVersion: 3 } as const;
  const kept = { clientId: 'alice', cleanStart: false };
  const alice = await connect({ ...kept, will: { topic: 'gone', payload: 'bye' } }, options);
  await alice.subscribe('news', { qos: 1 });
  await alice.drop();
  expect(textsIn(await watcher.receiveAll())).toEqual(['bye']);
  await watcher.publish('news', 'waiting', { qos: 1 });
  expect(textsIn(await (await connect(kept, options)).receiveAll())).toEqual(['waiting']);
});

test('[v3:§3.1] a violation of the protocol closes without a word', async () => {
  const place = world311();
  for (const bytes of [packetOf(0x36, field('a'), [0, 1]), packetOf(0x30, field('#')), packetOf(0xf0)]) {
    const raw = new RawClient(place);
    await raw.say(connect31());
    expect(await raw.say(bytes)).toBe('');
    expect(raw.closed).toBe(true);
  }
});
