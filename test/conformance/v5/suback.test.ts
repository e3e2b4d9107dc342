import { deny } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';
import { textsIn } from '../messages.ts';

const longReason = 'because '.repeat(20);

/** Subscriptions to what begins with "no" are denied, each with the reason code that follows. */
function denying(): BrokerWorld {
  const there = world();
  there.broker.use({
    name: 'gate',
    hooks: {
      authorizeSubscribe: ({ subscription: { filter } }) =>
        filter.startsWith('no/') ? deny(Number.parseInt(filter.slice(3), 16), longReason) : true,
    },
  });
  return there;
}

test('[MQTT-3.8.4-6, MQTT-3.9.3-1] SUBACK has one code for each filter, in their order', async () => {
  const { connect } = denying();
  const bob = await connect('bob');
  const suback = await bob.subscribe([
    { filter: 'a', qos: 1 },
    { filter: 'no/87', qos: 1 },
    { filter: 'b', qos: 2 },
    { filter: 'no/97', qos: 0 },
    { filter: 'c', qos: 0 },
  ]);
  expect(suback.reasonCodes).toEqual([1, 0x87, 2, 0x97, 0]);
});

test('[MQTT-3.8.4-5, MQTT-3.8.4-7] a filter that fails takes none of the others with it', async () => {
  const { connect } = denying();
  const bob = await connect('bob');
  await bob.subscribe(['no/87', 'a']);
  const alice = await connect('alice');
  await alice.publish('no/87', 'denied');
  await alice.publish('a', 'granted');
  expect(textsIn(await bob.receiveAll())).toEqual(['granted']);
});

test.each([0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2])(
  '[MQTT-3.9.3-2] a refusal goes out with its code from the table: %i',
  async (code) => {
    const { connect } = denying();
    const bob = await connect('bob');
    expect((await bob.subscribe(`no/${code.toString(16)}`)).reasonCodes).toEqual([code]);
  },
);

test.each([0x81, 0x8b, 0x10, 0x03])(
  '[MQTT-3.9.3-2] a code that SUBACK does not know never goes out, whatever a hook says: %i',
  async (code) => {
    const { connect, laboratory } = denying();
    const bob = await connect('bob');
    const [sent] = (await bob.subscribe(`no/${code.toString(16)}`)).reasonCodes;
    expect([0x80, 0x83, 0x87]).toContain(sent);
    expect(laboratory.logger.messages('error')).toHaveLength(1);
  },
);

test.each([
  { maximumQoS: 0, granted: [0, 0, 0] },
  { maximumQoS: 1, granted: [0, 1, 1] },
  { maximumQoS: 2, granted: [0, 1, 2] },
] as const)(
  '[MQTT-3.8.4-7] the code is the QoS granted, at most the Maximum QoS $maximumQoS',
  async ({ maximumQoS, granted }) => {
    const { connect } = world({ maximumQoS });
    const bob = await connect('bob');
    const suback = await bob.subscribe([
      { filter: 'a', qos: 0 },
      { filter: 'b', qos: 1 },
      { filter: 'c', qos: 2 },
    ]);
    expect(suback.reasonCodes).toEqual(granted);
  },
);

test('[MQTT-3.8.4-7] a hook that lowers the QoS is told to the client and kept to', async () => {
  const { connect, broker } = world();
  broker.use({ name: 'lower', hooks: { authorizeSubscribe: () => ({ allow: true, maximumQoS: 1 }) } });
  const bob = await connect('bob');
  expect((await bob.subscribe('a', { qos: 2 })).reasonCodes).toEqual([1]);
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  await bob.expect('publish', { qos: 1 });
});

test('[MQTT-3.9.3-2] one subscription more than a session may have is refused with 0x97', async () => {
  const { connect, broker } = world({ limits: { maximumSubscriptions: 2 } });
  const bob = await connect('bob');
  expect((await bob.subscribe(['a', 'b', 'c', 'a'])).reasonCodes).toEqual([0, 0, 0x97, 0]);
  expect((await bob.subscribe(['b', 'd'], { qos: 1 })).reasonCodes).toEqual([1, 0x97]);
  expect(broker.subscriptions('bob').map(({ filter }) => filter)).toEqual(['a', 'b']);
});

test('[MQTT-3.9.2-1] SUBACK says why, and leaves that away where the client’s Maximum Packet Size demands it', async () => {
  const { connect } = denying();
  const curious = await connect('curious');
  expect((await curious.subscribe('no/87')).properties).toEqual({ reasonString: longReason });
  const small = await connect({ clientId: 'small', properties: { maximumPacketSize: 160 } });
  expect(await small.subscribe('no/87')).toMatchObject({ reasonCodes: [0x87], properties: {} });
  // 6 bytes of SUBACK, 3 of the property, 2 more of lengths above 127.
  const exact = longReason.length + 6 + 3 + 2;
  const fitting = await connect({ clientId: 'fitting', properties: { maximumPacketSize: exact } });
  expect((await fitting.subscribe('no/87')).properties).toEqual({ reasonString: longReason });
  const tight = await connect({ clientId: 'tight', properties: { maximumPacketSize: exact - 1 } });
  expect((await tight.subscribe('no/87')).properties).toEqual({});
});

test('[MQTT-3.9.2-2] SUBACK has no User Properties, so none makes it too large', async () => {
  const { connect } = denying();
  const bob = await connect('bob');
  const suback = await bob.subscribe(['a', 'no/87'], { properties: { userProperties: [['a', 'b']] } });
  expect(Object.keys(suback.properties)).toEqual(['reasonString']);
});

test('[§3.1.2.11.7] SUBACK says no reason to a client that wants no problem information', async () => {
  const { connect } = denying();
  const bob = await connect({ clientId: 'bob', properties: { requestProblemInformation: 0 } });
  expect(await bob.subscribe('no/87')).toMatchObject({ reasonCodes: [0x87], properties: {} });
});
