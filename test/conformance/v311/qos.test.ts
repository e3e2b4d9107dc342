import { describe, expect, test } from 'vitest';
import { textsIn } from '../messages.ts';
import { world311 } from './world311.ts';

const kept = { clientId: 'alice', cleanStart: false };

describe('QoS 0', () => {
  test('[v3:MQTT-4.3.1-1] is sent once, without DUP, and not again on the next connection', async () => {
    const { connect } = world311();
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 2 });
    await (await connect('bob')).publish('news', 'once', { qos: 0 });
    await alice.expect('publish', { qos: 0, dup: false, packetId: 0 });
    await alice.drop();
    await (await connect(kept)).expectNothing();
  });
});

describe('QoS 1', () => {
  test('[v3:MQTT-4.3.2-1] is sent with an identifier and without DUP, and is settled by PUBACK', async () => {
    const { connect, broker } = world311();
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 1 });
    await (await connect('bob')).publish('news', 'hello', { qos: 1 });
    const { packetId } = await alice.expect('publish', { qos: 1, dup: false });
    expect(broker.session('alice')?.inflight).toBe(1);
    alice.send({ type: 'puback', packetId });
    await alice.expectNothing();
    expect(broker.session('alice')?.inflight).toBe(0);
    await alice.drop();
    await (await connect(kept)).expectNothing();
  });

  test('[v3:MQTT-4.3.2-1] a PUBACK with another identifier settles nothing', async () => {
    const { connect, broker } = world311();
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 1 });
    await (await connect('bob')).publish('news', 'hello', { qos: 1 });
    const { packetId } = await alice.expect('publish');
    alice.send({ type: 'puback', packetId: packetId + 1 });
    alice.send({ type: 'pubcomp', packetId });
    await alice.expectNothing();
    expect(broker.session('alice')?.inflight).toBe(1);
  });

  test('[v3:MQTT-4.3.2-1] nothing is sent again while the connection lasts', async () => {
    const { connect, laboratory } = world311();
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 1 });
    await (await connect('bob')).publish('news', 'hello', { qos: 1 });
    await alice.expect('publish');
    await laboratory.advance(86_400_000);
    await alice.expectNothing();
  });

  test('[v3:MQTT-4.3.2-2] received is answered by PUBACK; after that the identifier is a new message, DUP or not', async () => {
    const { connect } = world311();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await alice.subscribe('news');
    for (const dup of [false, true, false]) {
      bob.publishOnly('news', `dup ${dup}`, { qos: 1, packetId: 6, dup });
      await bob.expect('puback', { packetId: 6 });
    }
    expect(textsIn(await alice.receiveAll())).toEqual(['dup false', 'dup true', 'dup false']);
  });
});

describe('QoS 2 sent', () => {
  test('[v3:MQTT-4.3.3-1] goes PUBLISH without DUP, PUBREC, PUBREL, PUBCOMP, all with one identifier', async () => {
    const { connect, broker } = world311();
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 2 });
    await (await connect('bob')).publish('news', 'hello', { qos: 2 });
    const { packetId } = await alice.expect('publish', { qos: 2, dup: false });
    await alice.expectNothing();
    alice.send({ type: 'pubrec', packetId });
    await alice.expect('pubrel', { packetId });
    expect(broker.session('alice')?.inflight).toBe(1);
    alice.send({ type: 'pubcomp', packetId });
    await alice.expectNothing();
    expect(broker.session('alice')?.inflight).toBe(0);
  });

  test('[v3:MQTT-4.3.3-1] after PUBREC only PUBREL is sent again, never the PUBLISH', async () => {
    const { connect } = world311();
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 2 });
    await (await connect('bob')).publish('news', 'hello', { qos: 2 });
    const { packetId } = await alice.expect('publish');
    alice.send({ type: 'pubrec', packetId });
    await alice.expect('pubrel');
    await alice.drop();
    const again = await connect(kept);
    await again.expect('pubrel', { packetId });
    await again.expectNothing();
    again.send({ type: 'pubcomp', packetId });
    await again.drop();
    await (await connect(kept)).expectNothing();
  });

  test('[v3:MQTT-4.3.3-1] a PUBREC that comes again is answered again', async () => {
    const { connect } = world311();
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 2 });
    await (await connect('bob')).publish('news', 'hello', { qos: 2 });
    const { packetId } = await alice.expect('publish');
    for (let time = 0; time < 2; time++) {
      alice.send({ type: 'pubrec', packetId });
      await alice.expect('pubrel', { packetId });
    }
  });

  test('[v3:MQTT-4.3.3-1] a PUBCOMP before PUBREC settles nothing', async () => {
    const { connect } = world311();
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 2 });
    await (await connect('bob')).publish('news', 'hello', { qos: 2 });
    const { packetId } = await alice.expect('publish');
    alice.send({ type: 'pubcomp', packetId });
    await alice.drop();
    await (await connect(kept)).expect('publish', { packetId, dup: true });
  });

  test('[v3:MQTT-4.3.3-1] the identifier is not free before PUBCOMP', async () => {
    const { connect } = world311();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await alice.subscribe('news', { qos: 2 });
    await bob.publish('news', 'one', { qos: 2 });
    const { packetId } = await alice.expect('publish');
    alice.send({ type: 'pubrec', packetId });
    await alice.expect('pubrel');
    await bob.publish('news', 'two', { qos: 2 });
    expect((await alice.expect('publish')).packetId).not.toBe(packetId);
  });
});

describe('QoS 2 received', () => {
  test('[v3:MQTT-4.3.3-2] is passed on once, however often it comes before PUBREL', async () => {
    const { connect } = world311();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await alice.subscribe('news');
    for (const dup of [false, true, false, true]) {
      bob.publishOnly('news', 'once', { qos: 2, packetId: 6, dup });
      await bob.expect('pubrec', { packetId: 6 });
    }
    bob.send({ type: 'pubrel', packetId: 6 });
    await bob.expect('pubcomp', { packetId: 6 });
    expect(textsIn(await alice.receiveAll())).toEqual(['once']);
  });

  test('[v3:MQTT-4.3.3-2] after PUBCOMP the identifier is a new message, DUP or not', async () => {
    const { connect } = world311();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await alice.subscribe('news');
    for (const dup of [false, true]) await bob.publish('news', `dup ${dup}`, { qos: 2, packetId: 6, dup });
    expect(textsIn(await alice.receiveAll())).toEqual(['dup false', 'dup true']);
  });

  test('[v3:MQTT-4.3.3-2] PUBREL is answered by PUBCOMP, also when it comes again or for what was never sent', async () => {
    const client = await world311().connect();
    client.publishOnly('a', '', { qos: 2, packetId: 6 });
    await client.expect('pubrec');
    for (const packetId of [6, 6, 999]) {
      client.send({ type: 'pubrel', packetId });
      await client.expect('pubcomp', { packetId });
    }
  });

  test('[v3:MQTT-4.3.3-2] [v3:MQTT-4.4.0-1] the exchange goes on over a new connection', async () => {
    const { connect } = world311();
    const bob = await connect('bob');
    await bob.subscribe('news');
    const first = await connect(kept);
    first.publishOnly('news', 'once', { qos: 2, packetId: 6 });
    await first.expect('pubrec');
    await first.drop();
    const second = await connect(kept);
    second.publishOnly('news', 'once', { qos: 2, packetId: 6, dup: true });
    await second.expect('pubrec');
    await second.drop();
    const third = await connect(kept);
    third.send({ type: 'pubrel', packetId: 6 });
    await third.expect('pubcomp', { packetId: 6 });
    expect(textsIn(await bob.receiveAll())).toEqual(['once']);
  });
});
