import type { Packet, ProtocolVersion, UserProperty, Will } from '@carillon/protocol';
import type * as theirs from 'mqtt-packet';

/** Our packets as mqtt-packet has them: other names, Buffers, booleans for flags, user properties in an object. */

const flags = new Set([
  'payloadFormatIndicator',
  'requestProblemInformation',
  'requestResponseInformation',
  'retainAvailable',
  'wildcardSubscriptionAvailable',
  'subscriptionIdentifiersAvailable',
  'sharedSubscriptionAvailable',
]);

function theirUserProperties(list: readonly UserProperty[]): theirs.UserProperties {
  return Object.fromEntries(list);
}

/** Nothing at all when there are none, as mqtt-packet leaves the field away then. */
function theirProperties({ userProperties, ...rest }: { userProperties?: readonly UserProperty[] }): {
  properties?: ReturnType<typeof Object.fromEntries>;
} {
  const entries: [string, unknown][] = Object.entries(rest).map(([name, value]) => {
    if (flags.has(name)) return [name, value === 1];
    if (value instanceof Uint8Array) return [name, Buffer.from(value)];
    // One identifier is a number, several are a list.
    if (name === 'subscriptionIdentifiers') {
      return ['subscriptionIdentifier', Array.isArray(value) && value.length === 1 ? value[0] : value];
    }
    return [name, value];
  });
  if (userProperties !== undefined) entries.push(['userProperties', theirUserProperties(userProperties)]);
  return entries.length === 0 ? {} : { properties: Object.fromEntries(entries) };
}

function theirWill({ topic, payload, qos, retain, properties }: Will) {
  return { topic, payload: Buffer.from(payload), qos, retain, ...theirProperties(properties) };
}

function theirConnect(packet: Extract<Packet, { type: 'connect' }>) {
  return {
    cmd: 'connect' as const,
    protocolId: packet.protocolVersion === 3 ? ('MQIsdp' as const) : ('MQTT' as const),
    protocolVersion: packet.protocolVersion,
    ...(packet.bridge ? { bridgeMode: true } : {}),
    clean: packet.cleanStart,
    keepalive: packet.keepAlive,
    clientId: packet.clientId,
    ...(packet.will === undefined ? {} : { will: theirWill(packet.will) }),
    ...(packet.username === undefined ? {} : { username: packet.username }),
    ...(packet.password === undefined ? {} : { password: Buffer.from(packet.password) }),
    ...theirProperties(packet.properties),
  };
}

export function toTheirForm(packet: Packet, version: ProtocolVersion): theirs.Packet {
  switch (packet.type) {
    case 'connect':
      return theirConnect(packet);
    case 'connack':
      return {
        cmd: 'connack',
        sessionPresent: packet.sessionPresent,
        ...(version === 5 ? { reasonCode: packet.reasonCode } : { returnCode: packet.reasonCode }),
        ...theirProperties(packet.properties),
      };
    case 'publish':
      return {
        cmd: 'publish',
        topic: packet.topic,
        payload: Buffer.from(packet.payload),
        qos: packet.qos,
        dup: packet.dup,
        retain: packet.retain,
        ...(packet.qos === 0 ? {} : { messageId: packet.packetId }),
        ...theirProperties(packet.properties),
      };
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return {
        cmd: packet.type,
        messageId: packet.packetId,
        ...(version === 5 ? { reasonCode: packet.reasonCode } : {}),
        ...theirProperties(packet.properties),
      };
    case 'subscribe':
      return {
        cmd: 'subscribe',
        messageId: packet.packetId,
        subscriptions: packet.subscriptions.map(
          ({ filter, qos, noLocal, retainAsPublished, retainHandling }) =>
            version === 5
              ? { topic: filter, qos, nl: noLocal, rap: retainAsPublished, rh: retainHandling }
              : { topic: filter, qos },
        ),
        ...theirProperties(packet.properties),
      };
    case 'suback':
      return {
        cmd: 'suback',
        messageId: packet.packetId,
        granted: [...packet.reasonCodes],
        ...theirProperties(packet.properties),
      };
    case 'unsubscribe':
      return {
        cmd: 'unsubscribe',
        messageId: packet.packetId,
        unsubscriptions: [...packet.filters],
        ...theirProperties(packet.properties),
      };
    case 'unsuback':
      return {
        cmd: 'unsuback',
        messageId: packet.packetId,
        granted: [...packet.reasonCodes],
        ...theirProperties(packet.properties),
      };
    case 'pingreq':
    case 'pingresp':
      return { cmd: packet.type };
    case 'disconnect':
      return {
        cmd: 'disconnect',
        ...(version === 5 ? { reasonCode: packet.reasonCode } : {}),
        ...theirProperties(packet.properties),
      };
    case 'auth':
      return { cmd: 'auth', reasonCode: packet.reasonCode, ...theirProperties(packet.properties) };
  }
}

/** The same as its parser returns it: UNSUBACK has no list of codes before MQTT 5.0. */
export function asTheyRead(packet: Packet, version: ProtocolVersion): object {
  const form = toTheirForm(packet, version);
  if (form.cmd !== 'unsuback' || version === 5) return form;
  const { granted: _, ...rest } = form;
  return rest;
}
