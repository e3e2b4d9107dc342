import { expect, test } from 'vitest';
import { world } from '../broker.ts';

const minute = { sessionExpiryInterval: 60 };

test('[MQTT-3.1.3-2] a session belongs to its ClientID: another one is another session', async () => {
  const { connect } = world();
  const alice = await connect({ clientId: 'alice', properties: minute });
  await alice.subscribe('a', { qos: 1 });
  await alice.disconnect();
  const ally = await connect({ clientId: 'Alice', cleanStart: false, properties: minute });
  expect(ally.connack.sessionPresent).toBe(false);
  const back = await connect({ clientId: 'alice', cleanStart: false, properties: minute });
  expect(back.connack.sessionPresent).toBe(true);
});

test('[MQTT-3.1.3-2] one ClientID is one session, whatever version of MQTT comes for it', async () => {
  const { connect } = world();
  const old = await connect({ clientId: 'one', protocolVersion: 4, cleanStart: false });
  await old.subscribe('a', { qos: 1 });
  await old.disconnect();
  await (await connect('publisher')).publish('a', 'waited', { qos: 1 });
  const young = await connect({ clientId: 'one', cleanStart: false, properties: minute });
  expect(young.connack.sessionPresent).toBe(true);
  expect((await young.receiveMessage()).text).toBe('waited');
});

test('[MQTT-3.1.3-5] ClientIDs of 1 to 23 letters and digits are accepted', async () => {
  const { connect, broker } = world();
  const characters = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const clientIds = [...characters, characters.slice(0, 23), characters.slice(-23)];
  for (const clientId of clientIds) await connect({ clientId });
  expect([...broker.clients()].map(({ id }) => id)).toEqual(clientIds);
});

test('[MQTT-3.1.3-5] longer ones, and others than letters and digits, are accepted as well', async () => {
  const { connect } = world();
  for (const clientId of ['x'.repeat(65_000), 'a/b', 'ä #+$', '한국어']) {
    expect((await connect({ clientId })).connack.reasonCode).toBe(0);
  }
});

test('[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] every empty ClientID gets a unique one, and CONNACK says which', async () => {
  const { newcomer, broker } = world();
  const assigned: (string | undefined)[] = [];
  for (const cleanStart of [true, false, true]) {
    const connack = await newcomer().connectPacket({ clientId: '', cleanStart });
    expect(connack.sessionPresent).toBe(false);
    assigned.push(connack.properties.assignedClientIdentifier);
  }
  expect(new Set(assigned).size).toBe(3);
  expect([...broker.clients()].map(({ id }) => id)).toEqual(assigned);
});

test('[MQTT-3.1.3-7] the session can be resumed under the assigned ClientID', async () => {
  const { newcomer, connect } = world();
  const first = newcomer();
  const connack = await first.connectPacket({ clientId: '', properties: minute });
  const clientId = connack.properties.assignedClientIdentifier ?? '';
  await first.subscribe('a', { qos: 1 });
  await first.disconnect();
  const second = await connect({ clientId, cleanStart: false });
  expect(second.connack.sessionPresent).toBe(true);
  expect(second.connack.properties.assignedClientIdentifier).toBeUndefined();
});

test('[MQTT-3.1.3-8] a ClientID that is refused gets CONNACK 0x85 and the close', async () => {
  const { newcomer, broker } = world();
  const authenticate = ({ clientId }: { clientId: string }) =>
    clientId === 'bad' ? ({ allow: false, reasonCode: 0x85 } as const) : true;
  broker.use({ name: 'names', hooks: { authenticate } });
  const client = newcomer();
  expect(await client.connectPacket({ clientId: 'bad' })).toMatchObject({ reasonCode: 0x85 });
  await client.expectClosed();
});
