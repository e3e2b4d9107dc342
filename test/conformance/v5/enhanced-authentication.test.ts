import type { EnhancedAnswer, EnhancedEvent, Plugin } from '@carillon/hooks';
import type { PacketClient } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';

const method = 'RIDDLE';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Asks a riddle, takes one answer for right, and proves itself in turn. */
const riddle: Plugin = {
  name: 'riddle',
  hooks: { authenticateEnhanced: (event) => judge(event) },
};

function judge({ method: named, data, round }: EnhancedEvent): EnhancedAnswer {
  if (named !== method) return undefined;
  const said = new TextDecoder().decode(data);
  if (said === 'liar') return { allow: false, reasonCode: 0x87, reasonString: 'no liars' };
  if (round === 0) return { continue: true, data: bytes('riddle') };
  return said === 'echo' ? { allow: true, data: bytes('right') } : { allow: false };
}

function auth(reasonCode: number, data: string, authenticationMethod = method) {
  const properties = { authenticationMethod, authenticationData: bytes(data) };
  return { type: 'auth', reasonCode, properties } as const;
}

/** A client that has been asked the riddle. */
async function beginning(): Promise<BrokerWorld & { client: PacketClient }> {
  const place = world();
  place.broker.use(riddle);
  const client = place.newcomer();
  client.send({ type: 'connect', clientId: 'c', properties: { authenticationMethod: method } });
  await client.expect('auth', auth(0x18, 'riddle'));
  return { ...place, client };
}

/** A client that has answered the riddle. */
async function connected(): Promise<BrokerWorld & { client: PacketClient }> {
  const place = await beginning();
  place.client.send(auth(0x18, 'echo'));
  await place.client.expect('connack', { reasonCode: 0 });
  return place;
}

describe('at CONNECT', () => {
  test('[MQTT-4.12.0-2] [MQTT-4.12.0-5] the server asks by AUTH 0x18, and AUTH and CONNACK name the method of CONNECT', async () => {
    const { client } = await beginning();
    await client.expectNothing();
    client.send(auth(0x18, 'echo'));
    const { properties } = await client.expect('connack', { reasonCode: 0 });
    expect(properties).toMatchObject({ authenticationMethod: method, authenticationData: bytes('right') });
  });

  test('[MQTT-3.2.0-1] nothing but AUTH comes before CONNACK, not even what waits in the session', async () => {
    const { client, broker } = await beginning();
    expect(broker.session('c')).toBeUndefined();
    expect(await client.receiveAll()).toEqual([]);
  });

  test('[MQTT-4.12.0-1] a method that nobody knows gets CONNACK 0x8C and the close', async () => {
    for (const plugins of [[], [riddle]]) {
      const { newcomer, broker } = world();
      for (const plugin of plugins) broker.use(plugin);
      const client = newcomer();
      const properties = { authenticationMethod: 'UNKNOWN' };
      expect(await client.connectPacket({ properties })).toMatchObject({ reasonCode: 0x8c });
      await client.expectClosed();
    }
  });

  test('[MQTT-4.12.0-3] an answer that is no AUTH 0x18 is a Protocol Error', async () => {
    for (const reasonCode of [0x00, 0x19]) {
      const { client } = await beginning();
      client.send(auth(reasonCode, 'echo'));
      await client.expect('connack', { reasonCode: 0x82 });
      await client.expectClosed();
    }
  });

  test('[MQTT-4.12.0-4] the server may refuse at the first step and at a later one: CONNACK and the close', async () => {
    const { newcomer, broker } = world();
    broker.use(riddle);
    const liar = newcomer();
    const properties = { authenticationMethod: method, authenticationData: bytes('liar') };
    const connack = await liar.connectPacket({ properties });
    expect(connack).toMatchObject({ reasonCode: 0x87, properties: { reasonString: 'no liars' } });
    await liar.expectClosed();
    const { client } = await beginning();
    client.send(auth(0x18, 'wrong'));
    await client.expect('connack', { reasonCode: 0x87, sessionPresent: false });
    await client.expectClosed();
  });

  test('[MQTT-4.12.0-5] an AUTH with another method, or none, is a Protocol Error', async () => {
    for (const properties of [{ authenticationMethod: 'OTHER' }, {}]) {
      const { client } = await beginning();
      client.send({ type: 'auth', reasonCode: 0x18, properties });
      await client.expect('connack', { reasonCode: 0x82 });
      await client.expectClosed();
    }
  });

  test('[MQTT-4.12.0-6] without a method in CONNECT the server sends no AUTH, and no method in CONNACK', async () => {
    const { newcomer, broker } = world();
    broker.use(riddle);
    broker.use({ name: 'passwords', hooks: { authenticate: () => true } });
    const client = newcomer();
    const { reasonCode, properties } = await client.connectPacket();
    expect(reasonCode).toBe(0);
    expect(Object.keys(properties)).not.toContain('authenticationMethod');
    expect(Object.keys(properties)).not.toContain('authenticationData');
  });

  test('[MQTT-3.1.2-30] anything but AUTH and DISCONNECT before CONNACK is refused: CONNACK 0x82 and the close', async () => {
    const packets = [
      { type: 'publish', topic: 'a' },
      { type: 'subscribe', packetId: 1, subscriptions: ['a'] },
      { type: 'pingreq' },
      { type: 'connect', clientId: 'c' },
    ] as const;
    for (const packet of packets) {
      const { client } = await beginning();
      client.send(packet);
      await client.expect('connack', { reasonCode: 0x82 });
      await client.expectClosed();
    }
  });

  test('[MQTT-3.1.2-30] DISCONNECT before CONNACK is taken: the connection is closed in silence', async () => {
    const { client, broker } = await beginning();
    client.send({ type: 'disconnect' });
    await client.expectClosed();
    expect(broker.session('c')).toBeUndefined();
  });

  test('[§4.12] an exchange without end is refused', async () => {
    const { newcomer, broker } = world({ limits: { maximumAuthenticationRounds: 3 } });
    broker.use({ name: 'nosy', hooks: { authenticateEnhanced: () => ({ continue: true }) } });
    const client = newcomer();
    client.send({ type: 'connect', clientId: 'c', properties: { authenticationMethod: method } });
    for (let round = 0; round < 3; round++) {
      await client.expect('auth', { reasonCode: 0x18 });
      client.send(auth(0x18, 'x'));
    }
    await client.expect('connack', { reasonCode: 0x87 });
    await client.expectClosed();
  });
});

describe('once more, while connected', () => {
  test('[§4.12.1] [MQTT-4.12.0-2] a client authenticates anew by AUTH 0x19, and is told AUTH 0x00', async () => {
    const { client } = await connected();
    client.send(auth(0x19, 'again'));
    await client.expect('auth', auth(0x18, 'riddle'));
    client.send(auth(0x18, 'echo'));
    await client.expect('auth', auth(0x00, 'right'));
    await client.ping();
  });

  test('[§4.12.1] other traffic goes on meanwhile, in both directions', async () => {
    const { client, connect, broker } = await connected();
    broker.use({ name: 'passwords', hooks: { authenticate: () => true } });
    const other = await connect('other');
    await other.subscribe('from client');
    await client.subscribe('to client', { qos: 1 });
    client.send(auth(0x19, 'again'));
    await client.expect('auth', { reasonCode: 0x18 });
    await client.publish('from client', 'x', { qos: 1 });
    expect((await other.receiveMessage()).text).toBe('x');
    await other.publish('to client', 'y', { qos: 1 });
    expect((await client.receiveMessage()).text).toBe('y');
    client.send(auth(0x18, 'echo'));
    await client.expect('auth', { reasonCode: 0x00 });
  });

  test('[MQTT-4.12.1-2] [MQTT-4.13.2-1] a client that fails gets DISCONNECT 0x87 and the close', async () => {
    const { client } = await connected();
    client.send(auth(0x19, 'again'));
    await client.expect('auth', { reasonCode: 0x18 });
    client.send(auth(0x18, 'wrong'));
    await client.expectDisconnect(0x87);
  });

  test('[MQTT-4.12.1-1] AUTH 0x19 with another method, or none, is a Protocol Error', async () => {
    for (const properties of [{ authenticationMethod: 'OTHER' }, {}]) {
      const { client } = await connected();
      client.send({ type: 'auth', reasonCode: 0x19, properties });
      await client.expectDisconnect(0x82);
    }
  });

  test('[MQTT-4.12.0-3] [MQTT-3.15.2-1] AUTH 0x18 that nobody asked for, and AUTH 0x00 of a client, are Protocol Errors', async () => {
    for (const reasonCode of [0x18, 0x00]) {
      const { client } = await connected();
      client.send(auth(reasonCode, 'echo'));
      await client.expectDisconnect(0x82);
    }
  });

  test('[MQTT-4.12.0-7] AUTH of a client whose CONNECT had no method is a Protocol Error', async () => {
    const { connect } = world();
    for (const reasonCode of [0x18, 0x19]) {
      const client = await connect();
      client.send(auth(reasonCode, 'x'));
      await client.expectDisconnect(0x82);
    }
  });
});

describe('the packet', () => {
  test('[MQTT-3.15.1-1] flags other than 0 are malformed', async () => {
    const { client } = await connected();
    client.sendBytes('f1 00');
    await client.expectDisconnect(0x81);
  });

  test('[MQTT-3.15.2-1] a reason code that AUTH does not have is a Protocol Error', async () => {
    for (const reasonCode of ['01', '1a', '80']) {
      const { client } = await connected();
      client.sendBytes(`f0 02 ${reasonCode} 00`);
      await client.expectDisconnect(0x82);
    }
  });

  test('[§3.15.2.1] AUTH of Remaining Length 0 is well-formed: it is the missing method that is wrong with it', async () => {
    const { client } = await connected();
    client.sendBytes('f0 00');
    await client.expectDisconnect(0x82);
  });

  const words = { reasonString: 'r'.repeat(50), userProperties: [['name', 'v'.repeat(50)]] } as const;

  const rooms = [
    { what: 'everything, where there is room', properties: {}, said: words },
    {
      what: 'only the Reason String, where there is less',
      properties: { maximumPacketSize: 100 },
      said: { reasonString: words.reasonString },
    },
    {
      what: 'nothing but the method, where there is little',
      properties: { maximumPacketSize: 40 },
      said: {},
    },
    {
      what: 'nothing but the method, where the client wants no words',
      properties: { requestProblemInformation: 0 },
      said: {},
    },
  ] as const;

  test.each(rooms)(
    '[MQTT-3.15.2-2] [MQTT-3.15.2-3] [MQTT-3.1.2-29] the words in AUTH: $what',
    async ({ properties, said }) => {
      const { newcomer, broker } = world();
      broker.use({
        name: 'talkative',
        hooks: {
          authenticateEnhanced: ({ round }) => (round === 1 ? { allow: true } : { continue: true, ...words }),
        },
      });
      const client = newcomer();
      client.send({
        type: 'connect',
        clientId: 'c',
        properties: { ...properties, authenticationMethod: method },
      });
      const expected = { authenticationMethod: method, ...said };
      expect((await client.expect('auth')).properties).toEqual(expected);
      client.send(auth(0x18, 'x'));
      await client.take('connack');
      client.send(auth(0x19, 'again'));
      expect((await client.expect('auth')).properties).toEqual(expected);
    },
  );
});
