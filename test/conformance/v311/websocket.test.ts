import { createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketClient } from '../websocket-client.ts';
import { type Bytes, field, packetOf } from '../wire.ts';
import { connect311 } from './world311.ts';

/** A WebSocket to a broker on a port of this machine: its upgrade is a matter of sockets. */
async function webSocket(protocols: string | undefined = 'mqtt'): Promise<WebSocketClient> {
  const broker = createBroker({ systemTopicInterval: 0 });
  onTestFinished(() => broker.close());
  const { address } = await broker.listen({ port: 0, host: '127.0.0.1', websocket: {} });
  const client = await WebSocketClient.connect(address.port, protocols);
  onTestFinished(() => client.destroy());
  return client;
}

/** So many bytes of what comes, whatever the frames. */
async function hear(client: WebSocketClient, count: number): Promise<string> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < count) {
    const frame = await client.next();
    if (frame === undefined) break;
    expect(frame.opcode).toBe(0x2);
    bytes = Buffer.concat([bytes, frame.payload]);
  }
  return bytes.toString('hex');
}

test('[v3:MQTT-6.0.0-1] packets come in binary frames', async () => {
  const client = await webSocket();
  client.send(connect311());
  expect(await hear(client, 4)).toBe('20020000');
});

test('[v3:MQTT-6.0.0-1] upon a text frame the server closes', async () => {
  const client = await webSocket();
  client.send(connect311(), 0x1);
  const opcodes: number[] = [];
  for (let frame = await client.next(); frame !== undefined; frame = await client.next()) {
    opcodes.push(frame.opcode);
  }
  expect(opcodes).not.toContain(0x2);
});

const conversation: Bytes = [
  ...connect311(),
  ...packetOf(0x82, [0, 1], field('a'), [0]),
  ...packetOf(0x30, field('a'), [0x78]),
  ...packetOf(0xc0),
];
const cuts: [string, readonly Bytes[]][] = [
  ['all packets in one frame', [conversation]],
  ['a frame for each byte', conversation.map((byte) => [byte])],
  [
    'frames that end inside packets',
    [conversation.slice(0, 3), conversation.slice(3, 20), conversation.slice(20)],
  ],
];
test.each(cuts)('[v3:MQTT-6.0.0-2] frames and packets need not end together: %s', async (_, frames) => {
  const client = await webSocket();
  for (const frame of frames) client.send(frame);
  expect(await hear(client, 17)).toBe('20020000 9003000100 300400016178 d000'.replaceAll(' ', ''));
});

test('[v3:MQTT-6.0.0-3] a client that does not offer mqtt is turned away', async () => {
  const client = await webSocket('chat');
  expect(client.response).toMatch(/^HTTP\/1\.1 400 /);
});

test('[v3:MQTT-6.0.0-4] the server selects the subprotocol mqtt', async () => {
  const client = await webSocket('chat, mqtt');
  expect(client.response).toMatch(/^HTTP\/1\.1 101 /);
  expect(client.response).toMatch(/^sec-websocket-protocol: mqtt$/im);
});
