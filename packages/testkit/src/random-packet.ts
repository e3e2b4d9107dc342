import type {
  ConnectPacket,
  MessageProperties,
  Packet,
  ProtocolVersion,
  PublishPacket,
  QoS,
  RetainHandling,
} from '@carillon/protocol';
import { completePacket } from './packet-draft.ts';
import type { SeededRandom } from './seeded-random.ts';

/** One of the packets that a client may send, valid, and otherwise of any contents. */
export function randomPacket(random: SeededRandom, version: ProtocolVersion): Packet {
  const packetId = 1 + random.integer(0xffff);
  switch (random.pick(version === 5 ? typesOfVersion5 : typesBefore)) {
    case 'connect':
      return randomConnect(random, version);
    case 'publish':
      return randomPublish(random, version);
    case 'puback':
      return completePacket({ type: 'puback', packetId }, version);
    case 'pubrec':
      return completePacket({ type: 'pubrec', packetId }, version);
    case 'pubrel':
      return completePacket({ type: 'pubrel', packetId }, version);
    case 'pubcomp':
      return completePacket({ type: 'pubcomp', packetId }, version);
    case 'subscribe':
      return completePacket(
        { type: 'subscribe', packetId, subscriptions: requests(random, version) },
        version,
      );
    case 'unsubscribe':
      return completePacket(
        { type: 'unsubscribe', packetId, filters: several(random, () => filter(random)) },
        version,
      );
    case 'pingreq':
      return { type: 'pingreq' };
    case 'disconnect':
      return completePacket(
        { type: 'disconnect', reasonCode: version === 5 ? random.pick([0, 4]) : 0 },
        version,
      );
    case 'auth':
      return completePacket(
        {
          type: 'auth',
          reasonCode: 0x19,
          properties: { authenticationMethod: 'M', authenticationData: random.bytes(8) },
        },
        version,
      );
  }
}

const typesBefore = [
  'connect',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'unsubscribe',
  'pingreq',
  'disconnect',
] as const;
const typesOfVersion5 = [...typesBefore, 'auth'] as const;

function randomConnect(random: SeededRandom, version: ProtocolVersion): ConnectPacket {
  const will = {
    topic: topic(random),
    payload: random.bytes(random.integer(40)),
    qos: anyQoS(random),
    retain: random.chance(0.5),
    properties: version === 5 ? { ...messageProperties(random), willDelayInterval: random.integer(100) } : {},
  };
  const credentials = { username: word(random), password: random.bytes(random.integer(20)) };
  return {
    type: 'connect',
    protocolVersion: version,
    bridge: false,
    clientId: word(random),
    cleanStart: random.chance(0.5),
    keepAlive: random.integer(0x1_0000),
    ...(random.chance(0.5) ? { will } : {}),
    ...(random.chance(0.5) ? credentials : {}),
    properties:
      version === 5
        ? {
            sessionExpiryInterval: random.integer(3600),
            receiveMaximum: 1 + random.integer(100),
            topicAliasMaximum: 10,
          }
        : {},
  };
}

function randomPublish(random: SeededRandom, version: ProtocolVersion): PublishPacket {
  const qos = anyQoS(random);
  return {
    type: 'publish',
    topic: topic(random),
    payload: random.bytes(random.integer(random.chance(0.1) ? 1000 : 60)),
    qos,
    retain: random.chance(0.2),
    dup: qos > 0 && random.chance(0.2),
    packetId: qos === 0 ? 0 : 1 + random.integer(0xffff),
    properties: version === 5 ? messageProperties(random) : {},
  };
}

function requests(random: SeededRandom, version: ProtocolVersion) {
  return several(random, () => {
    const plain = { filter: filter(random), qos: anyQoS(random) };
    if (version !== 5) return plain;
    const retainHandling = random.pick<RetainHandling>([0, 1, 2]);
    return { ...plain, noLocal: random.chance(0.3), retainAsPublished: random.chance(0.3), retainHandling };
  });
}

function messageProperties(random: SeededRandom): MessageProperties {
  return {
    ...(random.chance(0.3) ? { payloadFormatIndicator: 0 } : {}),
    ...(random.chance(0.3) ? { messageExpiryInterval: random.integer(3600) } : {}),
    ...(random.chance(0.3) ? { contentType: word(random) } : {}),
    ...(random.chance(0.3) ? { responseTopic: topic(random), correlationData: random.bytes(8) } : {}),
    ...(random.chance(0.3)
      ? { userProperties: several(random, () => [word(random), word(random)] as const) }
      : {}),
  };
}

function anyQoS(random: SeededRandom): QoS {
  return random.pick<QoS>([0, 1, 2]);
}

function topic(random: SeededRandom): string {
  return several(random, () => word(random)).join('/');
}

function filter(random: SeededRandom): string {
  const levels = several(random, () => (random.chance(0.2) ? '+' : word(random)));
  return [...levels, ...(random.chance(0.2) ? ['#'] : [])].join('/');
}

function word(random: SeededRandom): string {
  return random.pick(['a', 'sensor', 'größe', '温度', '🔔', 'x'.repeat(30), '7', 'room-12']);
}

function several<Item>(random: SeededRandom, make: () => Item): Item[] {
  return Array.from({ length: 1 + random.integer(3) }, make);
}
