import type { PluginHooks, RefusedEvent } from '@carillon/hooks';
import { Laboratory, PacketClient } from '@carillon/testkit';
import { type CarillonBroker, createBroker } from 'carillon';
import { describe, expect, test } from 'vitest';

const hang = () => new Promise<never>(() => {});
const fail = (): never => {
  throw new Error('thrown');
};
/** As JavaScript would have it: no type stands in the way of the wrong answer. */
function answering(answer: unknown): () => never {
  const key: string = 'handler';
  return Reflect.get({ handler: () => answer }, key);
}
const impossible = answering({ allow: 'yes' });

/** A broker with one plugin that goes wrong, and what it tells of refusals. */
function house(hooks: PluginHooks) {
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform, logger: laboratory.logger, hookTimeout: 1_000 });
  const refused: RefusedEvent[] = [];
  broker.use({ name: 'wrong', hooks });
  broker.use({ name: 'watcher', hooks: { refused: (event) => void refused.push(event) } });
  return { laboratory, broker, refused };
}

async function arriveWith(laboratory: Laboratory, broker: CarillonBroker, clientId: string) {
  const client = PacketClient.connect(broker, { laboratory });
  client.send({ type: 'connect', clientId });
  await laboratory.settle();
  await laboratory.advance(1_000);
  return client;
}

for (const [what, wrong] of [
  ['throws', fail],
  ['rejects', () => Promise.reject<never>(new Error('rejected'))],
  ['hangs', hang],
  ['gives an impossible answer', impossible],
] as const) {
  describe(`a deciding plugin that ${what} ends in a refusal that is told`, () => {
    test('authorizeConnection', async () => {
      const { laboratory, broker, refused } = house({ authorizeConnection: wrong });
      const client = await arriveWith(laboratory, broker, 'c');
      await client.expectClosed();
      expect(refused).toMatchObject([{ what: 'connection', reasonCode: 0x87, by: 'wrong' }]);
    });

    test.each(['authenticate', 'authorizeTakeover'] as const)('%s', async (hook) => {
      const { laboratory, broker, refused } = house({ [hook]: wrong });
      if (hook === 'authorizeTakeover') await laboratory.connect(broker, { clientId: 'c' });
      const client = await arriveWith(laboratory, broker, 'c');
      await client.expect('connack', { reasonCode: 0x87 });
      await client.expectClosed();
      expect(refused).toMatchObject([{ what: 'connect', reasonCode: 0x87, by: 'wrong', clientId: 'c' }]);
    });

    test('authenticateEnhanced', async () => {
      const { laboratory, broker, refused } = house({ authenticateEnhanced: wrong });
      const client = PacketClient.connect(broker, { laboratory });
      const properties = { authenticationMethod: 'M' };
      client.send({ type: 'connect', clientId: 'c', properties });
      await laboratory.settle();
      await laboratory.advance(1_000);
      await client.expect('connack', { reasonCode: 0x87 });
      expect(refused).toMatchObject([{ what: 'connect', reasonCode: 0x87, by: 'wrong' }]);
    });

    test.each([1, 2] as const)('authorizePublish, at QoS %i', async (qos) => {
      const { laboratory, broker, refused } = house({ authorizePublish: wrong });
      const client = await laboratory.connect(broker, { clientId: 'c' });
      client.publishOnly('t', 'x', { qos, retain: true, packetId: 1 });
      await laboratory.settle();
      await laboratory.advance(1_000);
      await client.take(qos === 1 ? 'puback' : 'pubrec', { reasonCode: 0x87 });
      expect(refused).toMatchObject([{ what: 'publish', reasonCode: 0x87, by: 'wrong', topic: 't' }]);
      expect(broker.retained('t')).toBeUndefined();
    });

    test('authorizePublish, of a Will', async () => {
      const { laboratory, broker, refused } = house({ authorizePublish: wrong });
      const client = PacketClient.connect(broker, { laboratory });
      const will = { topic: 'gone', payload: 'x', retain: true };
      client.send({ type: 'connect', clientId: 'c', will });
      await laboratory.settle();
      await laboratory.advance(1_000);
      await client.expect('connack', { reasonCode: 0 });
      await client.drop();
      await laboratory.advance(1_000);
      expect(refused).toMatchObject([{ what: 'publish', reasonCode: 0x87, by: 'wrong', topic: 'gone' }]);
      expect(broker.retained('gone')).toBeUndefined();
    });

    test('authorizeSubscribe', async () => {
      const { laboratory, broker, refused } = house({ authorizeSubscribe: wrong });
      const client = await laboratory.connect(broker, { clientId: 'c' });
      client.send({ type: 'subscribe', packetId: 1, subscriptions: ['t'] });
      await laboratory.settle();
      await laboratory.advance(1_000);
      await client.take('suback', { reasonCodes: [0x87] });
      expect(refused).toMatchObject([{ what: 'subscribe', reasonCode: 0x87, by: 'wrong', topic: 't' }]);
      expect(broker.subscriptions('c')).toEqual([]);
    });
  });
}

test.each([
  ['throws', fail],
  ['answers by promise', answering(Promise.resolve(true))],
  ['gives an impossible answer', impossible],
] as const)('authorizeDeliver that %s delivers nothing, and the drop is told', async (_, wrong) => {
  const dropped: string[] = [];
  const { laboratory, broker } = house({ authorizeDeliver: wrong });
  broker.use({ name: 'drops', hooks: { dropped: ({ reason }) => void dropped.push(reason) } });
  const client = await laboratory.connect(broker, { clientId: 'c' });
  await client.subscribe('t');
  void broker.publish('t', 'x');
  await client.expectNothing();
  expect(dropped).toEqual(['hook-failed']);
});
