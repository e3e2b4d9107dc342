import { expect, test } from 'vitest';
import { brokerUnderTest } from './broker-under-test.ts';

test.each(['$carillon', '$carillon/#', '$carillon/+/x', '$share/g/$carillon/#'])(
  'no client subscribes to %s',
  async (filter) => {
    const { connect, publish } = brokerUnderTest();
    await publish('$carillon/guard/x', 'secret', { retain: true });
    const client = await connect({ clientId: 'c' });
    expect(await client.subscribe([filter, '#'])).toMatchObject({ reasonCodes: [0x87, 0] });
    await publish('$carillon/guard/x', 'secret');
    await publish('last', 'x');
    expect(await client.expect('publish')).toMatchObject({ topic: 'last' });
  },
);

test('no client publishes below $carillon, by Will neither', async () => {
  const { connect, arrive } = brokerUnderTest();
  const client = await connect({ clientId: 'c' });
  expect(await client.publish('$carillon/guard/x', 'y', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  const will = {
    topic: '$carillon/x',
    payload: new Uint8Array(),
    qos: 0,
    retain: false,
    properties: {},
  } as const;
  expect(await arrive().connectPacket({ clientId: 'd', will })).toMatchObject({ reasonCode: 0x87 });
});

test('the host reads and writes there', async () => {
  const { broker, publish } = brokerUnderTest();
  await publish('$carillon/guard/x', 'y', { retain: true });
  expect(broker.retained('$carillon/guard/x')).toMatchObject({ topic: '$carillon/guard/x' });
});

test('a topic that only begins like $carillon is a topic like others', async () => {
  const { connect } = brokerUnderTest();
  const client = await connect({ clientId: 'c' });
  expect(await client.subscribe(['$carillons/#'])).toMatchObject({ reasonCodes: [0] });
  expect(await client.publish('$carillons/a', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0 });
});
