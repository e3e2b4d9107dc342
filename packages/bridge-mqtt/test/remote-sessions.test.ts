import type { PublishPacket } from '@carillon/protocol';
import { describe, expect, it } from 'vitest';
import { ScriptedWorld } from './scripted-remote.ts';

const quickly = { backOff: { minimum: 10, maximum: 10 } };
const text = ({ payload }: PublishPacket) => new TextDecoder().decode(payload);
const acknowledgement = { reasonCode: 0, properties: {} };

function incoming(packetId: number, payload: string, more: Partial<PublishPacket> = {}): PublishPacket {
  const bytes = new TextEncoder().encode(payload);
  return {
    type: 'publish',
    topic: 'in/1',
    payload: bytes,
    qos: 2,
    retain: false,
    dup: false,
    packetId,
    properties: {},
    ...more,
  };
}

/** Accepted, subscribed, and somebody listens here. */
async function connected(options: ConstructorParameters<typeof ScriptedWorld>[0] = {}) {
  const world = await new ScriptedWorld({ ...quickly, ...options }).start();
  await world.line.accept();
  await world.line.grant();
  const client = await world.client('listener');
  await client.subscribe('in/#', { qos: 2 });
  return { world, client };
}

describe('Between two sessions', () => {
  it('a message in is acknowledged after this broker has acknowledged it', async () => {
    const { world, client } = await connected();
    await world.line.send(incoming(7, 'x'));
    expect(await world.line.expect('pubrec')).toMatchObject({ packetId: 7, reasonCode: 0 });
    await world.line.send({ type: 'pubrel', packetId: 7, ...acknowledgement });
    expect(await world.line.expect('pubcomp')).toMatchObject({ packetId: 7 });
    expect(await client.receiveMessage()).toMatchObject({ topic: 'in/1', text: 'x', qos: 2 });
  });

  it('a repeat after a cut is known again', async () => {
    const { world, client } = await connected();
    await world.line.send(incoming(7, 'x'));
    await world.line.cut();
    await world.laboratory.advance(20);
    await world.line.accept({ sessionPresent: true });
    await world.line.send(incoming(7, 'x', { dup: true }));
    expect(await world.line.expect('pubrec')).toMatchObject({ packetId: 7 });
    await client.receiveMessage();
    await client.expectNothing();
  });

  it('an identifier that a remote broker without memory uses anew is no repeat', async () => {
    const { world, client } = await connected();
    await world.line.send(incoming(1, 'old'));
    await world.line.cut();
    await world.laboratory.advance(20);
    await world.line.accept({ sessionPresent: false });
    await world.line.grant();
    await world.line.send(incoming(1, 'new', { dup: true }));
    expect((await client.receiveMessage()).text).toBe('old');
    expect((await client.receiveMessage()).text).toBe('new');
  });

  it('nor is one that is sent for the first time, whatever happened in between', async () => {
    const { world, client } = await connected();
    await world.line.send(incoming(1, 'old'));
    await world.line.cut();
    await world.laboratory.advance(20);
    await world.line.accept({ sessionPresent: true });
    await world.line.send(incoming(1, 'new', { dup: false }));
    expect(await world.line.expect('pubrec')).toMatchObject({ packetId: 1 });
    expect((await client.receiveMessage()).text).toBe('old');
    expect((await client.receiveMessage()).text).toBe('new');
  });

  it('what was not acknowledged goes out again under its identifier, as a repeat', async () => {
    const { world } = await connected();
    await world.publish('out/1', 'x', { qos: 2 });
    const first = await world.line.expect('publish');
    await world.line.cut();
    await world.laboratory.advance(20);
    await world.line.accept({ sessionPresent: true });
    const second = await world.line.expect('publish');
    expect(second).toMatchObject({ packetId: first.packetId, dup: true, qos: 2 });
  });

  it('goes out as new to a remote broker that has lost the session', async () => {
    const { world } = await connected();
    await world.publish('out/1', 'x', { qos: 2 });
    await world.line.cut();
    await world.laboratory.advance(20);
    await world.line.accept({ sessionPresent: false });
    await world.line.grant();
    expect(await world.line.expect('publish')).toMatchObject({ dup: false, qos: 2 });
  });

  it('a QoS 2 message that was received is released on the next connection, and not sent again', async () => {
    const { world } = await connected();
    await world.publish('out/1', 'x', { qos: 2 });
    const { packetId } = await world.line.expect('publish');
    await world.line.send({ type: 'pubrec', packetId, ...acknowledgement });
    await world.line.expect('pubrel');
    await world.line.cut();
    await world.laboratory.advance(20);
    await world.line.accept({ sessionPresent: true });
    expect(await world.line.expect('pubrel')).toMatchObject({ packetId });
    await world.line.send({ type: 'pubcomp', packetId, ...acknowledgement });
    expect(world.state.counters.waiting).toBe(0);
  });

  it('no more is under way than the remote broker takes', async () => {
    const world = await new ScriptedWorld({ topics: ['out/# out 1'] }).start();
    await world.line.accept({ properties: { receiveMaximum: 2 } });
    for (const payload of ['1', '2', '3']) await world.publish('out/1', payload, { qos: 1 });
    const first = await world.line.expect('publish');
    await world.line.expect('publish');
    await expect(world.line.expect('publish')).rejects.toThrow('nothing came');
    await world.line.send({ type: 'puback', packetId: first.packetId, ...acknowledgement });
    expect(world.state.counters.waiting).toBe(2);
  });

  it('no more than 20 are under way in MQTT 3.1.1, which Mosquitto takes by default', async () => {
    const options = { topics: ['out/# out 1'], protocolVersion: 4 } as const;
    const world = await new ScriptedWorld(options, { version: 4 }).start();
    await world.line.expect('connect');
    await world.line.sendBytes(0x20, 2, 0, 0);
    for (let i = 0; i < 25; i++) await world.publish('out/1', String(i), { qos: 1 });
    for (let i = 0; i < 20; i++) await world.line.expect('publish');
    await expect(world.line.expect('publish')).rejects.toThrow('nothing came');
  });

  it('a lower Maximum QoS of the remote broker is kept', async () => {
    const world = await new ScriptedWorld({ topics: ['out/# out 2'] }).start();
    await world.line.accept({ properties: { maximumQoS: 1 } });
    await world.publish('out/1', 'x', { qos: 2 });
    const { packetId, qos } = await world.line.expect('publish');
    expect(qos).toBe(1);
    await world.line.send({ type: 'puback', packetId, ...acknowledgement });
    await world.laboratory.settle();
    expect(world.state.counters.waiting).toBe(0);
  });

  it('a message too large for the remote broker is dropped and counted', async () => {
    const world = await new ScriptedWorld({ topics: ['out/# out 2'] }).start();
    await world.line.accept({ properties: { maximumPacketSize: 100 } });
    await world.publish('out/1', 'x'.repeat(200), { qos: 2 });
    await world.publish('out/2', 'y', { qos: 1 });
    expect(text(await world.line.expect('publish'))).toBe('y');
    expect(world.state.counters).toMatchObject({ dropped: { 'too-large': 1 }, waiting: 1 });
  });

  it('a message refused for good is dropped; one that could not be taken this time comes again', async () => {
    const { world } = await connected();
    await world.publish('out/1', 'forbidden', { qos: 1 });
    await world.publish('out/2', 'later', { qos: 1 });
    const forbidden = await world.line.expect('publish');
    const later = await world.line.expect('publish');
    await world.line.send({ type: 'puback', packetId: forbidden.packetId, reasonCode: 0x87, properties: {} });
    expect(world.state.counters).toMatchObject({ dropped: { refused: 1 }, waiting: 1 });
    await world.line.send({ type: 'puback', packetId: later.packetId, reasonCode: 0x97, properties: {} });
    expect(world.state.lastError?.code).toBe('BRIDGE_MESSAGE_NOT_TAKEN');
    await world.laboratory.advance(20);
    await world.line.accept({ sessionPresent: true });
    expect(text(await world.line.expect('publish'))).toBe('later');
  });

  it('waits here for a remote broker that was never there', async () => {
    const world = new ScriptedWorld({ ...quickly, topics: ['out/# out 1'] });
    world.unreachable.add('far');
    await world.start();
    await world.publish('out/1', 'x', { qos: 1 });
    expect(world.state.counters.waiting).toBe(1);
    await world.laboratory.advance(500);
    expect(world.state.counters.lag).toBeGreaterThan(0);
    world.unreachable.clear();
    await world.laboratory.advance(20);
    await world.line.accept();
    const { packetId, payload } = await world.line.expect('publish');
    expect(new TextDecoder().decode(payload)).toBe('x');
    await world.line.send({ type: 'puback', packetId, ...acknowledgement });
    expect(world.state.counters).toMatchObject({ waiting: 0, lag: 0 });
  });
});
