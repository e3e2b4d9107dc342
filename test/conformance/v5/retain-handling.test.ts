import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';
import { textsIn } from '../messages.ts';

const durable = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

async function withRetained(): Promise<BrokerWorld> {
  const there = world();
  const publisher = await there.connect('publisher');
  await publisher.publish('a', 'retained', { retain: true, qos: 1 });
  return there;
}

test('[MQTT-3.3.1-9] Retain Handling 0 sends retained messages at every SUBSCRIBE', async () => {
  const { connect } = await withRetained();
  const bob = await connect('bob');
  for (let time = 0; time < 3; time++) {
    await bob.subscribe('a', { retainHandling: 0 });
    expect(textsIn(await bob.receiveAll())).toEqual(['retained']);
  }
});

test('[MQTT-3.3.1-10] Retain Handling 1 sends retained messages for a new subscription only', async () => {
  const { connect } = await withRetained();
  const bob = await connect('bob');
  await bob.subscribe('a', { retainHandling: 1 });
  expect(textsIn(await bob.receiveAll())).toEqual(['retained']);
  await bob.subscribe('a', { retainHandling: 1, qos: 1 });
  await bob.expectNothing();
});

test('[MQTT-3.3.1-10] for Retain Handling 1 another filter is another subscription', async () => {
  const { connect } = await withRetained();
  const bob = await connect('bob');
  await bob.subscribe('a', { retainHandling: 2 });
  await bob.subscribe('+', { retainHandling: 1 });
  expect(textsIn(await bob.receiveAll())).toEqual(['retained']);
});

test('[MQTT-3.3.1-10] for Retain Handling 1 a subscription of a resumed session is not new', async () => {
  const { connect } = await withRetained();
  const bob = await connect({ clientId: 'bob', ...durable });
  await bob.subscribe('a', { retainHandling: 1 });
  await bob.receiveMessage();
  await bob.disconnect();
  const again = await connect({ clientId: 'bob', ...durable });
  await again.subscribe('a', { retainHandling: 1 });
  await again.expectNothing();
});

test('[MQTT-3.3.1-10] for Retain Handling 1 a subscription is new after UNSUBSCRIBE and in a new session', async () => {
  const { connect } = await withRetained();
  const bob = await connect({ clientId: 'bob', ...durable });
  await bob.subscribe('a', { retainHandling: 1 });
  await bob.receiveMessage();
  await bob.unsubscribe('a');
  await bob.subscribe('a', { retainHandling: 1 });
  expect(textsIn(await bob.receiveAll())).toEqual(['retained']);

  const anew = await connect({ clientId: 'bob', cleanStart: true });
  await anew.subscribe('a', { retainHandling: 1 });
  expect(textsIn(await anew.receiveAll())).toEqual(['retained']);
});

test('[MQTT-3.3.1-10, MQTT-3.8.4-5] the same filter twice in one SUBSCRIBE is new once', async () => {
  const { connect } = await withRetained();
  const bob = await connect('bob');
  await bob.subscribe(['a', 'a'], { retainHandling: 1 });
  expect(textsIn(await bob.receiveAll())).toEqual(['retained']);
});

test('[MQTT-3.3.1-11] Retain Handling 2 sends no retained message, and live ones as ever', async () => {
  const { connect } = await withRetained();
  const bob = await connect('bob');
  await bob.subscribe('a', { retainHandling: 2 });
  await bob.expectNothing();
  const alice = await connect('alice');
  await alice.publish('a', 'live', { retain: true });
  expect(textsIn(await bob.receiveAll())).toEqual(['live']);
});

test('[§3.8.3.1] Retain Handling 3 is a protocol error', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('82 07 00 01 00 00 01 61 30');
  await bob.expectDisconnect(0x82);
});

test('[§3.8.3.1] each filter of a SUBSCRIBE has its own Retain Handling', async () => {
  const { connect } = await withRetained();
  const bob = await connect('bob');
  await bob.subscribe([
    { filter: 'a', retainHandling: 2 },
    { filter: '+', retainHandling: 0 },
  ]);
  expect(textsIn(await bob.receiveAll())).toEqual(['retained']);
});
