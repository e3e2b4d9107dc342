import { describe, expect, it } from 'vitest';
import { brokerUnderTest } from './broker-under-test.ts';

describe('A client of MQTT 3.1.1 that says by the bridge bit that it is a broker', () => {
  it('gets nothing back that it published, and RETAIN as it was published', async () => {
    const { connect } = brokerUnderTest();
    const bridge = await connect({ clientId: 'bridge', protocolVersion: 4, bridge: true });
    await bridge.subscribe('#', { qos: 1 });
    await bridge.publish('own', 'x', { qos: 1 });
    const other = await connect({ clientId: 'other' });
    await other.publish('theirs', 'x', { qos: 1, retain: true });
    expect(await bridge.receiveMessage()).toMatchObject({ topic: 'theirs', retain: true });
    await bridge.expectNothing();
  });

  it('and one that does not gets both as ever', async () => {
    const { connect } = brokerUnderTest();
    const client = await connect({ clientId: 'client', protocolVersion: 4 });
    await client.subscribe('#', { qos: 1 });
    await client.publish('own', 'x', { qos: 1, retain: true });
    expect(await client.receiveMessage()).toMatchObject({ topic: 'own', retain: false });
  });

  it('can share a subscription like others', async () => {
    const { connect } = brokerUnderTest();
    const bridge = await connect({ clientId: 'bridge', protocolVersion: 4, bridge: true });
    expect((await bridge.subscribe('$share/g/#', { qos: 1 })).reasonCodes).toEqual([1]);
    await bridge.publish('own', 'x', { qos: 1 });
    expect(await bridge.receiveMessage()).toMatchObject({ topic: 'own' });
  });
});
