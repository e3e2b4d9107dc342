import { encode, type Packet, PacketReader, type ProtocolVersion } from '@carillon/protocol';
import { describe, expect, it } from 'vitest';
import { propertyDefinitions } from '../src/properties.ts';
import { bytes, plain, refusalOf } from './reading.ts';

type Owner =
  | 'connect'
  | 'will'
  | 'connack'
  | 'publish'
  | 'puback'
  | 'pubrec'
  | 'pubrel'
  | 'pubcomp'
  | 'subscribe'
  | 'suback'
  | 'unsubscribe'
  | 'unsuback'
  | 'disconnect'
  | 'auth';

interface PropertyVector {
  name: string;
  value: unknown;
  bytes: Uint8Array;
  owners: readonly Owner[];
  mayRepeat?: true;
}

const everyone: readonly Owner[] = [
  'connect',
  'will',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'disconnect',
  'auth',
];
const message: readonly Owner[] = ['publish', 'will'];
const answers: readonly Owner[] = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback'];

/** Written from section 2.2.2.2 by hand, so that the table in the sources is checked against something. */
const properties: readonly PropertyVector[] = [
  { name: 'payloadFormatIndicator', value: 1, bytes: bytes(0x01, 1), owners: message },
  { name: 'messageExpiryInterval', value: 0x80000001, bytes: bytes(0x02, 0x80, 0, 0, 1), owners: message },
  { name: 'contentType', value: 'é', bytes: bytes(0x03, 0, 2, 0xc3, 0xa9), owners: message },
  { name: 'responseTopic', value: 'r/t', bytes: bytes(0x08, 0, 3, 'r/t'), owners: message },
  { name: 'correlationData', value: bytes(0, 255), bytes: bytes(0x09, 0, 2, 0, 255), owners: message },
  { name: 'subscriptionIdentifier', value: 128, bytes: bytes(0x0b, 0x80, 0x01), owners: ['subscribe'] },
  {
    name: 'subscriptionIdentifiers',
    value: [1, 268435455],
    bytes: bytes(0x0b, 1, 0x0b, 0xff, 0xff, 0xff, 0x7f),
    owners: ['publish'],
    mayRepeat: true,
  },
  {
    name: 'sessionExpiryInterval',
    value: 0xffffffff,
    bytes: bytes(0x11, 255, 255, 255, 255),
    owners: ['connect', 'connack', 'disconnect'],
  },
  { name: 'assignedClientIdentifier', value: 'id', bytes: bytes(0x12, 0, 2, 'id'), owners: ['connack'] },
  { name: 'serverKeepAlive', value: 0x0102, bytes: bytes(0x13, 1, 2), owners: ['connack'] },
  {
    name: 'authenticationMethod',
    value: 'm',
    bytes: bytes(0x15, 0, 1, 'm'),
    owners: ['connect', 'connack', 'auth'],
  },
  { name: 'authenticationData', value: bytes(9), bytes: bytes(0x16, 0, 1, 9), owners: ['connack'] },
  { name: 'requestProblemInformation', value: 0, bytes: bytes(0x17, 0), owners: ['connect'] },
  { name: 'willDelayInterval', value: 5, bytes: bytes(0x18, 0, 0, 0, 5), owners: ['will'] },
  { name: 'requestResponseInformation', value: 1, bytes: bytes(0x19, 1), owners: ['connect'] },
  { name: 'responseInformation', value: 'i', bytes: bytes(0x1a, 0, 1, 'i'), owners: ['connack'] },
  { name: 'serverReference', value: 's', bytes: bytes(0x1c, 0, 1, 's'), owners: ['connack', 'disconnect'] },
  {
    name: 'reasonString',
    value: 'why',
    bytes: bytes(0x1f, 0, 3, 'why'),
    owners: ['connack', ...answers, 'disconnect', 'auth'],
  },
  { name: 'receiveMaximum', value: 65535, bytes: bytes(0x21, 255, 255), owners: ['connect', 'connack'] },
  { name: 'topicAliasMaximum', value: 0, bytes: bytes(0x22, 0, 0), owners: ['connect', 'connack'] },
  { name: 'topicAlias', value: 1, bytes: bytes(0x23, 0, 1), owners: ['publish'] },
  { name: 'maximumQoS', value: 1, bytes: bytes(0x24, 1), owners: ['connack'] },
  { name: 'retainAvailable', value: 0, bytes: bytes(0x25, 0), owners: ['connack'] },
  {
    name: 'userProperties',
    value: [
      ['k', 'v'],
      ['k', ''],
    ],
    bytes: bytes(0x26, 0, 1, 'k', 0, 1, 'v', 0x26, 0, 1, 'k', 0, 0),
    owners: everyone,
    mayRepeat: true,
  },
  { name: 'maximumPacketSize', value: 1, bytes: bytes(0x27, 0, 0, 0, 1), owners: ['connect', 'connack'] },
  { name: 'wildcardSubscriptionAvailable', value: 1, bytes: bytes(0x28, 1), owners: ['connack'] },
  { name: 'subscriptionIdentifiersAvailable', value: 0, bytes: bytes(0x29, 0), owners: ['connack'] },
  { name: 'sharedSubscriptionAvailable', value: 0, bytes: bytes(0x2a, 0), owners: ['connack'] },
];

const connectStart = bytes(0, 4, 'MQTT', 5);
const empty = bytes(0, 0);

/** What stands in a packet before and behind the properties. */
const frames: Record<Owner, { firstByte: number; before: Uint8Array; behind: Uint8Array }> = {
  connect: { firstByte: 0x10, before: bytes(connectStart, 0x02, 0, 0), behind: empty },
  will: {
    firstByte: 0x10,
    before: bytes(connectStart, 0x06, 0, 0, 0, empty),
    behind: bytes(0, 1, 'w', empty),
  },
  connack: { firstByte: 0x20, before: bytes(0, 0), behind: bytes() },
  publish: { firstByte: 0x30, before: bytes(0, 1, 't'), behind: bytes('payload') },
  puback: { firstByte: 0x40, before: bytes(0, 1, 0), behind: bytes() },
  pubrec: { firstByte: 0x50, before: bytes(0, 1, 0), behind: bytes() },
  pubrel: { firstByte: 0x62, before: bytes(0, 1, 0), behind: bytes() },
  pubcomp: { firstByte: 0x70, before: bytes(0, 1, 0), behind: bytes() },
  subscribe: { firstByte: 0x82, before: bytes(0, 1), behind: bytes(0, 1, 'f', 0) },
  suback: { firstByte: 0x90, before: bytes(0, 1), behind: bytes(0) },
  unsubscribe: { firstByte: 0xa2, before: bytes(0, 1), behind: bytes(0, 1, 'f') },
  unsuback: { firstByte: 0xb0, before: bytes(0, 1), behind: bytes(0) },
  disconnect: { firstByte: 0xe0, before: bytes(0), behind: bytes() },
  auth: { firstByte: 0xf0, before: bytes(0), behind: bytes() },
};

function frame(owner: Owner, block: Uint8Array): Uint8Array {
  const { firstByte, before, behind } = frames[owner];
  const body = bytes(before, block.length, block, behind);
  return bytes(firstByte, body.length, body);
}

const versionBefore = (owner: Owner): ProtocolVersion | undefined =>
  owner === 'connect' || owner === 'will' ? undefined : 5;

function read(owner: Owner, block: Uint8Array): Packet {
  const version = versionBefore(owner);
  const reader = new PacketReader({
    maximumPacketSize: 1000,
    ...(version === undefined ? {} : { protocolVersion: version }),
  });
  reader.feed(frame(owner, block));
  const packet = reader.next();
  if (packet === undefined) throw new Error('the packet is not complete');
  return plain(packet);
}

function propertiesOf(packet: Packet, owner: Owner): object | undefined {
  if (packet.type === 'connect') return owner === 'will' ? packet.will?.properties : packet.properties;
  return 'properties' in packet ? packet.properties : undefined;
}

describe('properties', () => {
  for (const { name, value, bytes: block, owners, mayRepeat } of properties) {
    for (const owner of owners) {
      it(`reads and writes ${name} in ${owner}`, () => {
        const packet = read(owner, block);
        expect(propertiesOf(packet, owner)).toEqual({ [name]: value });
        expect(encode(packet, 5)).toEqual(frame(owner, block));
      });

      if (mayRepeat === undefined) {
        it(`refuses a second ${name} in ${owner}`, () => {
          const error = refusalOf(frame(owner, bytes(block, block)), versionBefore(owner));
          expect(error.reasonCode).toBe(0x82);
          expect(error.message).toContain(name);
        });
      }
    }

    it(`refuses ${name} in every packet it is not for`, () => {
      const id = block[0] ?? 0;
      const allowed = properties.filter((other) => other.bytes[0] === id).flatMap((other) => other.owners);
      const foreign = everyone.filter((owner) => !allowed.includes(owner));
      for (const owner of foreign.filter(
        (owner) => name !== 'authenticationData' || !hasAuthentication(owner),
      )) {
        const error = refusalOf(frame(owner, block), versionBefore(owner));
        expect(error).toMatchObject({ reasonCode: 0x81, rule: '§2.2.2.2' });
      }
    });
  }

  const hasAuthentication = (owner: Owner) => owner === 'connect' || owner === 'auth';

  it('reads Authentication Data behind or before its method', () => {
    const method = bytes(0x15, 0, 1, 'm');
    const data = bytes(0x16, 0, 1, 9);
    for (const owner of ['connect', 'auth'] as const) {
      for (const block of [bytes(method, data), bytes(data, method)]) {
        const found = propertiesOf(read(owner, block), owner);
        expect(found).toEqual({ authenticationMethod: 'm', authenticationData: bytes(9) });
      }
    }
  });

  it('has all 27 properties of MQTT 5.0 and no other', () => {
    const ids = new Set(propertyDefinitions.map(({ id }) => id));
    expect(ids.size).toBe(27);
    expect(new Set(properties.map((property) => property.bytes[0]))).toEqual(ids);
  });

  it.each([0x00, 0x04, 0x2b, 0x7f])('refuses the unknown property %i', (id) => {
    const error = refusalOf(frame('publish', bytes(id, 0)), 5);
    expect(error).toMatchObject({ reasonCode: 0x81, rule: '§2.2.2.2' });
  });

  it.each([
    ['a flag of 2', 'connack', bytes(0x25, 2), 0x82, '§3.2.2.3.5'],
    ['Maximum QoS 2', 'connack', bytes(0x24, 2), 0x82, '§3.2.2.3.4'],
    ['Receive Maximum 0 of a client', 'connect', bytes(0x21, 0, 0), 0x82, '§3.1.2.11.3'],
    ['Receive Maximum 0 of a server', 'connack', bytes(0x21, 0, 0), 0x82, '§3.2.2.3.3'],
    ['Maximum Packet Size 0', 'connect', bytes(0x27, 0, 0, 0, 0), 0x82, '§3.1.2.11.4'],
    ['Topic Alias 0', 'publish', bytes(0x23, 0, 0), 0x94, 'MQTT-3.3.2-8'],
    ['Subscription Identifier 0 in SUBSCRIBE', 'subscribe', bytes(0x0b, 0), 0x82, '§3.8.2.1.2'],
    ['Subscription Identifier 0 in PUBLISH', 'publish', bytes(0x0b, 0), 0x82, '§3.3.2.3.8'],
    ['data without a method in CONNECT', 'connect', bytes(0x16, 0, 1, 1), 0x82, '§3.1.2.11.10'],
    ['data without a method in AUTH', 'auth', bytes(0x16, 0, 1, 1), 0x82, '§3.15.2.2.2'],
    ['a property cut off', 'connack', bytes(0x11, 0, 0), 0x81, '§1.2'],
    ['a string reaching past the properties', 'publish', bytes(0x03, 0, 3, 'ab'), 0x81, '§1.2'],
    ['an over-long identifier', 'publish', bytes(0x81, 0x00, 1), 0x81, 'MQTT-1.5.5-1'],
    ['U+0000 in a user property', 'publish', bytes(0x26, 0, 1, 0, 0, 0), 0x81, 'MQTT-1.5.4-2'],
    ['a surrogate in a string', 'publish', bytes(0x03, 0, 3, 0xed, 0xa0, 0x80), 0x81, 'MQTT-1.5.4-1'],
  ] as const)('refuses %s', (_, owner, block, reasonCode, rule) => {
    expect(refusalOf(frame(owner, block), versionBefore(owner))).toMatchObject({ reasonCode, rule });
  });

  it('refuses properties that are longer than their packet', () => {
    const error = refusalOf(bytes(0x30, 5, 0, 1, 't', 9, 0x01), 5);
    expect(error).toMatchObject({ reasonCode: 0x81, rule: '§1.2' });
  });

  it('shares one frozen object among packets without properties', () => {
    const first = propertiesOf(read('publish', bytes()), 'publish');
    const second = propertiesOf(read('puback', bytes()), 'puback');
    expect(first).toBe(second);
    expect(Object.isFrozen(first)).toBe(true);
  });

  it('leaves undefined properties and empty lists out', () => {
    const properties = { userProperties: [] };
    expect(encode({ type: 'puback', packetId: 1, reasonCode: 0, properties }, 5)).toEqual(
      bytes(0x40, 2, 0, 1),
    );
  });
});
