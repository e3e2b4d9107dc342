import type { DroppedEvent } from '@carillon/hooks';
import type { Packet, PublishPacket } from '@carillon/protocol';
import {
  type BytePipeOptions,
  type ConnectDraft,
  type PacketClient,
  type SeededRandom,
  seededRandom,
} from '@carillon/testkit';
import { expect, test } from 'vitest';
import { brokerUnderTest } from './broker-under-test.ts';

const steps = 25;
const topics = ['a', 'a', 'a', 'b', 'nobody'] as const;
const kept = { cleanStart: false, properties: { sessionExpiryInterval: 100 } };

/** Who receives: they differ in whatever may stand in the way of a run. */
const receivers: readonly { clientId: string; draft: ConnectDraft; version: 4 | 5; qos: 0 | 1 | 2 }[] = [
  { clientId: 'plain', draft: {}, version: 5, qos: 1 },
  { clientId: 'older', draft: {}, version: 4, qos: 2 },
  { clientId: 'narrow', draft: { properties: { receiveMaximum: 5 } }, version: 5, qos: 1 },
  { clientId: 'small', draft: { properties: { maximumPacketSize: 150 } }, version: 5, qos: 1 },
  { clientId: 'kept', draft: kept, version: 5, qos: 1 },
  { clientId: 'light', draft: {}, version: 5, qos: 0 },
];

interface Play {
  readonly seed: string;
  readonly names: readonly string[];
  readonly publisherVersion: 4 | 5;
  readonly channel: BytePipeOptions;
}

/** The same story each time, whatever way its bytes are cut; gives all that anybody saw of it. */
async function play({ seed, names, publisherVersion, channel }: Play) {
  const random = seededRandom(seed);
  const seen: unknown[] = [];
  const dropped = ({ message, reason, clientId }: DroppedEvent) =>
    void seen.push(`dropped for ${clientId}: ${reason} ${message.topic} ${message.payload.length}`);
  const limits = { maximumInflight: 12, maximumQueuedMessages: 30, receiveMaximum: 100 };
  const { broker, connect } = brokerUnderTest({ limits }, { dropped });
  const publisher = await connect({ clientId: 'publisher' }, { channel, protocolVersion: publisherVersion });
  const audience = [];
  for (const { clientId, draft, version, qos } of receivers) {
    if (!names.includes(clientId)) continue;
    const come = () => connect({ clientId, ...draft }, { channel, protocolVersion: version });
    const client = await come();
    await client.subscribe(['a', 'b'], { qos });
    audience.push({ clientId, client, come, qos, unanswered: [] as PublishPacket[] });
  }
  for (let step = 0; step < steps; step++) {
    publishSome(publisher, random);
    seen.push(...(await publisher.receiveAll()).map(inShort));
    for (const receiver of audience) {
      if (random.chance(0.03)) {
        await receiver.client.drop();
        receiver.client = await receiver.come();
        await receiver.client.subscribe(['a', 'b'], { qos: receiver.qos });
        receiver.unanswered = [];
      }
      const came = await receiver.client.receiveAll();
      seen.push(receiver.clientId, ...came.map(inShort));
      receiver.unanswered.push(...came.flatMap(acknowledgeable));
      const packetIds = receiver.unanswered.map(({ packetId }) => packetId);
      // Mostly nobody looks at what is in flight; a look must not change anything either.
      const looked = packetIds.filter(() => random.chance(0.1));
      for (const packetId of looked) {
        const inflight = broker.inflight(receiver.clientId, packetId);
        seen.push(
          inflight && { ...inflight, message: { ...inflight.message, payload: start(inflight.message) } },
        );
      }
      acknowledgeSome(receiver, random);
      await receiver.client.settle();
    }
    const views = audience.map(({ clientId }) => broker.session(clientId));
    seen.push(views.map((view) => [view?.queued, view?.queuedBytes, view?.inflight]));
  }
  seen.push(broker.counters());
  return seen;
}

function publishSome(publisher: PacketClient, random: SeededRandom): void {
  let topic = random.pick(topics);
  const count = random.integer(40);
  for (let index = 0; index < count; index++) {
    if (random.chance(0.1)) topic = random.pick(topics);
    const payload = random.bytes(random.pick([0, 10, 64, 64, 64, 200, 3000]));
    const isV5 = publisher.protocolVersion === 5;
    const qos = random.chance(0.05) ? 0 : 1;
    publisher.publishOnly(topic, payload, {
      qos,
      retain: random.chance(0.02),
      dup: qos === 1 && random.chance(0.05),
      properties: isV5 && random.chance(0.05) ? { correlationData: random.bytes(3) } : {},
    });
  }
}

function acknowledgeSome(
  receiver: { client: PacketClient; unanswered: PublishPacket[] },
  random: SeededRandom,
): void {
  const isOrderly = random.chance(0.7);
  const all = isOrderly ? receiver.unanswered : random.shuffle(receiver.unanswered);
  const some = all.splice(0, random.integer(all.length + 1));
  receiver.unanswered = all;
  for (const { packetId } of some) receiver.client.send({ type: 'puback', packetId });
  // Said twice, it is as good as not said.
  const [first] = some;
  if (first !== undefined && random.chance(0.2)) {
    receiver.client.send({ type: 'puback', packetId: first.packetId });
  }
}

function acknowledgeable(packet: Packet): PublishPacket[] {
  return packet.type === 'publish' && packet.qos === 1 ? [packet] : [];
}

function inShort(packet: Packet): string {
  if (packet.type !== 'publish') return JSON.stringify(packet);
  return `${packet.topic} ${packet.packetId} qos ${packet.qos} ${packet.dup ? 'dup' : ''} ${start(packet)}`;
}

/** Payloads are of random bytes: no two begin alike. */
function start({ payload }: { payload: Uint8Array }): string {
  return `${payload.length} bytes ${Buffer.from(payload.subarray(0, 8)).toString('hex')}`;
}

const audiences = [
  ['plain'],
  ['plain', 'older', 'narrow'],
  ['small'],
  ['kept'],
  ['plain', 'kept'],
  ['plain', 'light'],
  receivers.map(({ clientId }) => clientId),
];

test.each(audiences.flatMap((names) => ([4, 5] as const).map((version) => ({ names, version }))))(
  'what comes in one chunk has the same end as what comes one by one: $names, from MQTT $version',
  async ({ names, version }) => {
    for (let round = 0; round < 1; round++) {
      const story = { seed: `${names.join()} ${round}`, names, publisherVersion: version };
      const oneByOne = await play({ ...story, channel: {} });
      const inRuns = await play({ ...story, channel: { cut: 'merged' } });
      expect(inRuns).toEqual(oneByOne);
      const anywhere = await play({ ...story, channel: { cut: 'random' } });
      expect(anywhere).toEqual(oneByOne);
    }
  },
);
