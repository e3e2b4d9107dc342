import { PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { world } from '../broker.ts';
import { WebSocketClient } from '../websocket-client.ts';
import { connectBytes, field, packetOf, RawClient } from '../wire.ts';

/** A broker on a port of this machine, for what only sockets can show. */
async function listening(websocket: boolean): Promise<number> {
  const broker = createBroker({ systemTopicInterval: 0 });
  onTestFinished(() => broker.close());
  const host = '127.0.0.1';
  const listener = await broker.listen(websocket ? { port: 0, host, websocket: {} } : { port: 0, host });
  return listener.address.port;
}

async function webSocket(port: number, protocols: string | undefined = 'mqtt'): Promise<WebSocketClient> {
  const client = await WebSocketClient.connect(port, protocols);
  onTestFinished(() => client.destroy());
  return client;
}

/** The same conversation in both versions, and what the server has to say after CONNACK. */
const conversations = [
  {
    version: 'MQTT 5.0',
    connect: connectBytes(),
    said: [
      ...packetOf(0x82, [0, 1, 0], field('a'), [0]),
      ...packetOf(0x30, field('a'), [0], [0x78]),
      ...packetOf(0xc0),
    ],
    answers: '90 04 00 01 00 00 30 05 00 01 61 00 78 d0 00',
  },
  {
    version: 'MQTT 3.1.1',
    connect: connectBytes({ level: 4 }),
    said: [
      ...packetOf(0x82, [0, 1], field('a'), [0]),
      ...packetOf(0x30, field('a'), [0x78]),
      ...packetOf(0xc0),
    ],
    answers: '90 03 00 01 00 30 04 00 01 61 78 d0 00',
  },
].map(({ connect, said, ...others }) => ({ ...others, connect, conversation: [...connect, ...said] }));

test.each(conversations)(
  '[§4.2] packets may come in any pieces: cut at every place, and byte by byte ($version)',
  async ({ conversation, answers }) => {
    for (let cut = 1; cut < conversation.length; cut++) {
      const raw = new RawClient(world());
      const said = [await raw.say(conversation.slice(0, cut)), await raw.say(conversation.slice(cut))];
      expect(said.join(' ').endsWith(answers)).toBe(true);
    }
    const raw = new RawClient(world());
    const said: string[] = [];
    for (const byte of conversation) said.push(await raw.say([byte]));
    expect(
      said
        .filter((text) => text !== '')
        .join(' ')
        .endsWith(answers),
    ).toBe(true);
  },
);

test.each(conversations)(
  '[§4.2] many packets may come in one piece ($version)',
  async ({ conversation, answers }) => {
    const raw = new RawClient(world());
    expect((await raw.say(conversation)).endsWith(answers)).toBe(true);
  },
);

test('[MQTT-4.2.0-1] over TCP everything arrives, in its order', async () => {
  const port = await listening(false);
  const subscriber = await PacketClient.overSocket({ host: '127.0.0.1', port });
  const publisher = await PacketClient.overSocket({ host: '127.0.0.1', port });
  await subscriber.connectPacket();
  await publisher.connectPacket();
  await subscriber.subscribe('a', { qos: 1 });
  const texts = Array.from({ length: 500 }, (_, index) => `message ${index}`);
  for (const text of texts) publisher.publishOnly('a', text, { qos: 1 });
  const received: string[] = [];
  while (received.length < texts.length) received.push((await subscriber.receiveMessage()).text);
  expect(received).toEqual(texts);
});

test('[MQTT-6.0.0-4] [MQTT-6.0.0-3] [v3:MQTT-6.0.0-4] the server selects the subprotocol mqtt among those offered', async () => {
  const port = await listening(true);
  for (const protocols of ['mqtt', 'chat, mqtt', 'mqtt, mqttv3.1']) {
    const { response } = await webSocket(port, protocols);
    expect(response).toMatch(/^HTTP\/1\.1 101 /);
    expect(response).toMatch(/^sec-websocket-protocol: mqtt$/im);
  }
});

test('[MQTT-6.0.0-3] [v3:MQTT-6.0.0-3] a client that does not offer mqtt is turned away', async () => {
  const port = await listening(true);
  for (const protocols of [undefined, 'chat']) {
    const client = await WebSocketClient.connect(port, protocols);
    onTestFinished(() => client.destroy());
    expect(client.response).toMatch(/^HTTP\/1\.1 400 /);
  }
});

test.each(conversations)(
  '[MQTT-6.0.0-1] [v3:MQTT-6.0.0-1] the server speaks in binary frames ($version)',
  async ({ connect }) => {
    const client = await webSocket(await listening(true));
    client.send(connect);
    const frame = await client.next();
    expect(frame).toMatchObject({ opcode: 0x2 });
    expect(frame?.payload[0]).toBe(0x20);
  },
);

test.each(conversations)(
  '[MQTT-6.0.0-1] [v3:MQTT-6.0.0-1] a text frame ends the connection ($version)',
  async ({ connect }) => {
    const client = await webSocket(await listening(true));
    client.send(connect);
    await client.next();
    client.send(packetOf(0xc0), 0x1);
    const opcodes: number[] = [];
    for (let frame = await client.next(); frame !== undefined; frame = await client.next()) {
      opcodes.push(frame.opcode);
    }
    expect(opcodes.filter((opcode) => opcode !== 0x8)).toEqual([]);
  },
);

test.each(conversations)(
  '[MQTT-6.0.0-2] [v3:MQTT-6.0.0-2] packets and frames need not begin and end together ($version)',
  async ({ conversation, answers }) => {
    const port = await listening(true);
    const cuts = [
      conversation.map((byte) => [byte]),
      [conversation],
      [conversation.slice(0, 5), conversation.slice(5, 30), conversation.slice(30)],
    ];
    for (const frames of cuts) {
      const client = await webSocket(port);
      for (const frame of frames) client.send(frame);
      let said = '';
      while (!said.endsWith(answers)) {
        const frame = await client.next();
        expect(frame?.opcode).toBe(0x2);
        const bytes = [...(frame?.payload ?? [])].map((byte) => byte.toString(16).padStart(2, '0'));
        said = `${said} ${bytes.join(' ')}`.trim();
      }
      client.destroy();
    }
  },
);

test('[MQTT-6.0.0-2] a packet may be spread over fragments of one message', async () => {
  const client = await webSocket(await listening(true));
  const bytes = connectBytes();
  client.send(bytes.slice(0, 4), 0x2, false);
  client.send(bytes.slice(4), 0x0, true);
  expect((await client.next())?.payload[0]).toBe(0x20);
});
