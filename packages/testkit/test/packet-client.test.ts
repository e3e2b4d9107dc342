import type { ProtocolVersion } from '@carillon/protocol';
import { describePacket, ExpectationError, Laboratory, PacketClient } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';
import { TinyBroker } from './tiny-broker.ts';

const versions: ProtocolVersion[] = [3, 4, 5];

describe.each(versions)('a packet client of protocol version %i', (protocolVersion) => {
  it('connects, with a name of its own where none is said', async () => {
    const { laboratory, broker } = setUp();
    const client = PacketClient.connect(broker, { laboratory, protocolVersion });
    const connack = await client.connectPacket({
      will: { topic: 'gone', payload: 'away' },
      password: 'secret',
      username: 'u',
    });
    expect(connack).toEqual({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} });
    expect(broker.received).toMatchObject([
      {
        type: 'connect',
        protocolVersion,
        clientId: 'client-1',
        cleanStart: true,
        will: { topic: 'gone', qos: 0 },
      },
    ]);
  });

  it.each([0, 1, 2] as const)(
    'receives a message of QoS %i and goes through with its handshake',
    async (qos) => {
      const { laboratory, broker } = setUp();
      broker.deliveredQoS = qos;
      const alice = await laboratory.connect(broker, { clientId: 'alice', protocolVersion });
      const bob = await laboratory.connect(broker, { clientId: 'bob', protocolVersion });
      await bob.subscribe('a/b', { qos });
      await alice.publish('a/b', 'hello');
      const message = await bob.receiveMessage();
      expect(message).toEqual({
        type: 'publish',
        topic: 'a/b',
        payload: new TextEncoder().encode('hello'),
        text: 'hello',
        qos,
        retain: false,
        dup: false,
        packetId: qos === 0 ? 0 : 77,
        properties: {},
      });
      expect(broker.received.at(-1)?.type).toBe(['publish', 'puback', 'pubcomp'][qos]);
      await bob.expectNothing();
    },
  );

  it('publishes with each QoS to the last acknowledgement', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker, { protocolVersion });
    expect(await client.publish('t', 'x')).toBeUndefined();
    expect(await client.publish('t', 'x', { qos: 1 })).toMatchObject({ type: 'puback', packetId: 1 });
    expect(await client.publish('t', 'x', { qos: 2 })).toMatchObject({ type: 'pubcomp', packetId: 2 });
    await client.expectNothing();
  });

  it('subscribes, unsubscribes, pings and disconnects', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker, { protocolVersion });
    const suback = await client.subscribe(['a', { filter: 'b', qos: 2 }], { qos: 1 });
    expect(suback.reasonCodes).toEqual([1, 2]);
    const unsuback = await client.unsubscribe('a');
    expect(unsuback.packetId).toBe(2);
    await client.ping();
    await client.disconnect();
    await client.expectClosed();
    expect(client.closeError).toBeUndefined();
    expect(broker.connectionCount).toBe(0);
  });
});

describe('a packet client', () => {
  it('finds its acknowledgement among messages, which stay to be received', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    await client.subscribe('t');
    await client.publish('t', 'to myself', { qos: 1 });
    expect((await client.receiveMessage()).text).toBe('to myself');
  });

  it('stops a QoS 2 handshake where the server refuses with PUBREC', async () => {
    const { laboratory, broker } = setUp();
    broker.silentOn.add('publish');
    const client = await laboratory.connect(broker);
    broker.say({ type: 'pubrec', packetId: 1, reasonCode: 0x97, properties: {} });
    expect(await client.publish('t', 'x', { qos: 2 })).toMatchObject({ type: 'pubrec', reasonCode: 0x97 });
    expect(broker.received.at(-1)?.type).toBe('publish');
  });

  it('says at once what is missing, and what was said', async () => {
    const { laboratory, broker } = setUp();
    broker.silentOn.add('publish');
    const client = await laboratory.connect(broker, { clientId: 'alice' });
    await expect(client.publish('a/b', '21.5', { qos: 1 })).rejects.toThrow(
      [
        'alice: expected PUBACK with packetId 1, but nothing came, and the connection is open.',
        '',
        'What was said:',
        '→ CONNECT protocolVersion 5, clientId "alice", cleanStart',
        '← CONNACK reason code 0x00',
        '→ PUBLISH topic "a/b", payload "21.5", qos 1, packetId 1',
      ].join('\n'),
    );
  });

  it('says which other packet came', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    client.send({ type: 'pingreq' });
    await expect(client.expect('puback', { packetId: 3 })).rejects.toThrow(
      'expected PUBACK with packetId 3, but received PINGRESP',
    );
    client.send({ type: 'pingreq' });
    await expect(client.expectNothing()).rejects.toThrow('expected nothing, but received PINGRESP');
  });

  it('says when the broker refuses who was to be connected', async () => {
    const { laboratory, broker } = setUp();
    broker.connectReasonCode = 0x87;
    await expect(laboratory.connect(broker)).rejects.toThrow(
      'expected to be accepted, but CONNACK has reason code 0x87',
    );
  });

  it('says when a packet has other fields than expected', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    broker.say({ type: 'disconnect', reasonCode: 0x82, properties: {} });
    await expect(client.expect('disconnect', { reasonCode: 0x8e })).rejects.toThrow(
      'expected DISCONNECT with reasonCode 0x8E, but received DISCONNECT reason code 0x82',
    );
  });

  it('keeps what CONNECT was answered', async () => {
    const { laboratory, broker } = setUp();
    const client = PacketClient.connect(broker, { laboratory });
    expect(() => client.connack).toThrow('no CONNACK was received yet');
    const connack = await client.connectPacket();
    expect(client.connack).toBe(connack);
  });

  it('shows in its conversation what subscriptions were asked for and granted', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    await client.subscribe('rooms/#');
    expect(client.conversation).toContain(
      '→ SUBSCRIBE packetId 1, subscriptions [{filter "rooms/#"}]\n← SUBACK packetId 1, reason codes 0x00',
    );
  });

  it('does not take a closed connection for silence', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    broker.closeAll();
    await expect(client.expectNothing()).rejects.toThrow('the connection is closed');
    expect(() => client.send({ type: 'pingreq' })).toThrow(ExpectationError);
  });

  it('does not take an open connection for closed, nor one with a last word unread', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    await expect(client.expectClosed()).rejects.toThrow('but it is open');
    client.send({ type: 'pingreq' });
    await client.settle();
    broker.closeAll();
    await expect(client.expectClosed()).rejects.toThrow('but before came PINGRESP');
  });

  it('expects a DISCONNECT with its reason in MQTT 5.0, and only the end before', async () => {
    const { laboratory, broker } = setUp();
    const five = await laboratory.connect(broker);
    broker.say({ type: 'disconnect', reasonCode: 0x8e, properties: {} });
    await laboratory.settle();
    broker.closeAll();
    await five.expectDisconnect(0x8e);
    const four = await laboratory.connect(broker, { protocolVersion: 4 });
    broker.closeAll();
    await four.expectDisconnect(0x8e);
  });

  it('tells when the server sends what is no packet', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    broker.sayBytes(Uint8Array.of(0x00, 0x00));
    await expect(client.receive()).rejects.toThrow('the server sent what is no packet');
  });

  it('sends bytes as they are, in chunks of any cut', async () => {
    const { laboratory, broker } = setUp();
    const client = PacketClient.connect(broker, { laboratory, channel: { cut: 1 } });
    await client.connectPacket();
    client.sendBytes('c0 00');
    client.sendBytes([0xc0, 0x00]);
    client.sendBytes(Uint8Array.of(0xc0, 0x00));
    const packets = await client.receiveAll();
    expect(packets.map((packet) => packet.type)).toEqual(['pingresp', 'pingresp', 'pingresp']);
    expect(() => client.sendBytes('c0 0')).toThrow('no hexadecimal bytes');
  });

  it('leaves messages with the server while it does not read', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    client.stopReading();
    client.send({ type: 'pingreq' });
    await client.expectNothing();
    client.startReading();
    await client.expect('pingresp');
  });

  it('drops its connection, or vanishes without a trace', async () => {
    const { laboratory, broker } = setUp();
    const dropping = await laboratory.connect(broker);
    const vanishing = await laboratory.connect(broker);
    await dropping.drop();
    expect(broker.connectionCount).toBe(1);
    vanishing.vanish();
    vanishing.send({ type: 'pingreq' });
    await vanishing.expectNothing();
    await laboratory.advance(1_000_000);
    expect(broker.connectionCount).toBe(1);
  });

  it('repeats a whole run with all its luck for the same seed', async () => {
    const run = async (seed: number) => {
      const laboratory = new Laboratory({ seed, arrivals: 'mixed' });
      const broker = new TinyBroker(laboratory.scheduler);
      const channel = { cut: 'random', latency: 5 } as const;
      const clients = ['a', 'b', 'c', 'd'].map((name) =>
        PacketClient.connect(broker, { laboratory, name, channel }),
      );
      for (const client of clients) client.send({ type: 'connect', clientId: client.name });
      for (const client of clients) client.publishOnly(client.name, 'x'.repeat(50));
      await laboratory.advance(10_000);
      return broker.received.map((packet) => describePacket(packet));
    };
    const first = await run(1);
    expect(first.length).toBe(8);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('tells the broker where it comes from', async () => {
    const { laboratory, broker } = setUp();
    await laboratory.connect(
      broker,
      {},
      { remote: { transport: 'tls', encrypted: true, address: '192.0.2.7' } },
    );
    expect(broker.remotes).toEqual([{ transport: 'tls', encrypted: true, address: '192.0.2.7' }]);
  });

  it('uses each packet id of 65,535 before the first one again', async () => {
    const { laboratory, broker } = setUp();
    const client = await laboratory.connect(broker);
    const ids = new Set(Array.from({ length: 0xffff }, () => client.nextPacketId()));
    expect([ids.size, ids.has(0), ids.has(0xffff)]).toEqual([0xffff, false, true]);
    expect(client.nextPacketId()).toBe(1);
  });
});

function setUp() {
  const laboratory = new Laboratory();
  return { laboratory, broker: new TinyBroker(laboratory.scheduler) };
}
