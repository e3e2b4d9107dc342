import {
  isReasonCodeFor,
  type MessageProperties,
  type Packet,
  type PacketType,
  type ProtocolVersion,
  type PublishPacket,
  type UserProperty,
} from '@carillon/protocol';
import fc from 'fast-check';

/** Arbitrary valid packets, for one version each. Exactly what decoding returns: no property that is undefined. */

const text = (maxLength = 40) =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength }).map((value) => value.replaceAll('\0', '')),
    fc.string({ unit: 'grapheme-ascii', maxLength }),
    fc.constantFrom('\uFEFF', 'a/b', 'é', '€', '😀', '\u0001\u007f'),
  );
const topic = text().filter((value) => value !== '');
const binary = fc.uint8Array({ maxLength: 40 });
const payload = fc.oneof(binary, fc.uint8Array({ minLength: 120, maxLength: 400 }));
const packetId = fc.integer({ min: 1, max: 0xffff });
const twoBytes = fc.integer({ min: 0, max: 0xffff });
const positiveTwoBytes = fc.integer({ min: 1, max: 0xffff });
const fourBytes = fc.integer({ min: 0, max: 0xffffffff });
const flag = fc.constantFrom(0 as const, 1 as const);
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const subscriptionIdentifier = fc.integer({ min: 1, max: 268435455 });
const userProperties = fc.array(
  fc.tuple(text(10), text(10)).map(([name, value]): UserProperty => [name, value]),
  { minLength: 1, maxLength: 3 },
);

const optional = { requiredKeys: [] as [] };

const user = fc.record({ userProperties }, optional);
const diagnostic = fc.record({ userProperties, reasonString: text() }, optional);
const messageProperties = {
  userProperties,
  payloadFormatIndicator: flag,
  messageExpiryInterval: fourBytes,
  contentType: text(),
  responseTopic: text(),
  correlationData: binary,
};
const authentication = fc.oneof(
  fc.constant({}),
  fc.record(
    { authenticationMethod: text(), authenticationData: binary },
    { requiredKeys: ['authenticationMethod'] },
  ),
);

const none = fc.constant({});
const only5 = <Properties extends object>(version: ProtocolVersion, properties: fc.Arbitrary<Properties>) =>
  version === 5 ? properties : none;

const reasonCode = (type: PacketType) =>
  fc.constantFrom(
    ...Array.from({ length: 256 }, (_, code) => code).filter((code) => isReasonCodeFor(type, code)),
  );

function connect(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const will = fc.record({
    topic: text(),
    payload: binary,
    qos,
    retain: fc.boolean(),
    properties: only5<MessageProperties>(
      version,
      fc.record({ ...messageProperties, willDelayInterval: fourBytes }, optional),
    ),
  });
  const limits = fc.record(
    {
      userProperties,
      sessionExpiryInterval: fourBytes,
      receiveMaximum: positiveTwoBytes,
      maximumPacketSize: fc.integer({ min: 1, max: 0xffffffff }),
      topicAliasMaximum: twoBytes,
      requestResponseInformation: flag,
      requestProblemInformation: flag,
    },
    optional,
  );
  const properties = fc.tuple(limits, authentication).map(([first, second]) => ({ ...first, ...second }));
  return fc
    .record(
      {
        type: fc.constant('connect' as const),
        protocolVersion: fc.constant(version),
        bridge: version === 5 ? fc.constant(false) : fc.boolean(),
        clientId: text(),
        cleanStart: fc.boolean(),
        keepAlive: twoBytes,
        will,
        username: text(),
        password: binary,
        properties: only5(version, properties),
      },
      {
        requiredKeys: [
          'type',
          'protocolVersion',
          'bridge',
          'clientId',
          'cleanStart',
          'keepAlive',
          'properties',
        ],
      },
    )
    .filter(({ username, password }) => version === 5 || username !== undefined || password === undefined);
}

function connack(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const properties = fc.record(
    {
      userProperties,
      reasonString: text(),
      sessionExpiryInterval: fourBytes,
      receiveMaximum: positiveTwoBytes,
      maximumQoS: flag,
      retainAvailable: flag,
      maximumPacketSize: fc.integer({ min: 1, max: 0xffffffff }),
      assignedClientIdentifier: text(),
      topicAliasMaximum: twoBytes,
      wildcardSubscriptionAvailable: flag,
      subscriptionIdentifiersAvailable: flag,
      sharedSubscriptionAvailable: flag,
      serverKeepAlive: twoBytes,
      responseInformation: text(),
      serverReference: text(),
      authenticationMethod: text(),
      authenticationData: binary,
    },
    optional,
  );
  return fc.record({
    type: fc.constant('connack' as const),
    sessionPresent: version === 3 ? fc.constant(false) : fc.boolean(),
    reasonCode: version === 5 ? reasonCode('connack') : fc.constantFrom(0, 1, 2, 3, 4, 5),
    properties: only5(version, properties),
  });
}

function publish(version: ProtocolVersion): fc.Arbitrary<PublishPacket> {
  const properties = fc.record(
    {
      ...messageProperties,
      topicAlias: positiveTwoBytes,
      subscriptionIdentifiers: fc.array(subscriptionIdentifier, { minLength: 1, maxLength: 3 }),
    },
    optional,
  );
  return fc
    .record({
      type: fc.constant('publish' as const),
      topic,
      payload,
      qos,
      retain: fc.boolean(),
      dup: fc.boolean(),
      packetId,
      properties: only5(version, properties),
    })
    .map((packet) => (packet.qos === 0 ? { ...packet, dup: false, packetId: 0 } : packet))
    .map((packet) => ('topicAlias' in packet.properties ? { ...packet, topic: '' } : packet));
}

function acknowledgement(
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  version: ProtocolVersion,
): fc.Arbitrary<Packet> {
  return fc.record({
    type: fc.constant(type),
    packetId,
    reasonCode: version === 5 ? reasonCode(type) : fc.constant(0),
    properties: only5(version, diagnostic),
  });
}

function subscribe(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const later = version === 5 ? fc.boolean() : fc.constant(false);
  const retainHandling =
    version === 5 ? fc.constantFrom(0 as const, 1 as const, 2 as const) : fc.constant(0 as const);
  return fc.record({
    type: fc.constant('subscribe' as const),
    packetId,
    subscriptions: fc.array(
      fc.record({ filter: text(), qos, noLocal: later, retainAsPublished: later, retainHandling }),
      { minLength: 1, maxLength: 4 },
    ),
    properties: only5(version, fc.record({ userProperties, subscriptionIdentifier }, optional)),
  });
}

const codes = (code: fc.Arbitrary<number>) => fc.array(code, { minLength: 1, maxLength: 4 });

function suback(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return fc.record({
    type: fc.constant('suback' as const),
    packetId,
    reasonCodes: codes(version === 5 ? reasonCode('suback') : fc.constantFrom(0, 1, 2, 0x80)),
    properties: only5(version, diagnostic),
  });
}

function unsubscribing(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return fc.oneof(
    fc.record({
      type: fc.constant('unsubscribe' as const),
      packetId,
      filters: fc.array(text(), { minLength: 1, maxLength: 4 }),
      properties: only5(version, user),
    }),
    fc.record({
      type: fc.constant('unsuback' as const),
      packetId,
      reasonCodes: version === 5 ? codes(reasonCode('unsuback')) : fc.constant([]),
      properties: only5(version, diagnostic),
    }),
  );
}

function disconnect(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const properties = fc.record(
    { userProperties, reasonString: text(), sessionExpiryInterval: fourBytes, serverReference: text() },
    optional,
  );
  return fc.record({
    type: fc.constant('disconnect' as const),
    reasonCode: version === 5 ? reasonCode('disconnect') : fc.constant(0),
    properties: only5(version, properties),
  });
}

const auth: fc.Arbitrary<Packet> = fc.record({
  type: fc.constant('auth' as const),
  reasonCode: reasonCode('auth'),
  properties: fc.tuple(diagnostic, authentication).map(([first, second]) => ({ ...first, ...second })),
});

/** Any packet that may follow a CONNECT of this version, in either direction, CONNECT included. */
export function anyPacket(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const packets: fc.Arbitrary<Packet>[] = [
    connect(version),
    connack(version),
    publish(version),
    acknowledgement('puback', version),
    acknowledgement('pubrec', version),
    acknowledgement('pubrel', version),
    acknowledgement('pubcomp', version),
    subscribe(version),
    suback(version),
    unsubscribing(version),
    fc.constantFrom({ type: 'pingreq' } as const, { type: 'pingresp' } as const),
    disconnect(version),
  ];
  if (version === 5) packets.push(auth);
  return fc.oneof(...packets);
}

export const anyVersion = fc.constantFrom(3 as const, 4 as const, 5 as const);

/** A packet with the version it is for. */
export const anyVersionedPacket = anyVersion.chain((version) =>
  anyPacket(version).map((packet) => ({ version, packet })),
);

/** A PUBLISH with the version it is for. */
export const anyVersionedPublish = anyVersion.chain((version) =>
  publish(version).map((packet) => ({ version, packet })),
);
