import type {
  Message,
  QueueEntry,
  SessionRecord,
  SubscriptionRecord,
  WillRecord,
} from '@carillon/persistence';
import { parseSharedFilter } from '@carillon/topics';
import type { JsonFields } from './json-fields.ts';

type Properties = Message['properties'];

/** What fits into two bytes, four, and a Variable Byte Integer. */
const highest = { packetId: 0xffff, seconds: 0xffff_ffff, subscriptionIdentifier: 268_435_455 } as const;

/** A message with its bytes as base64. */
export function messageJson(message: Message): object {
  return {
    ...message,
    payload: Buffer.from(message.payload).toString('base64'),
    properties: propertiesJson(message.properties),
  };
}

export function propertiesJson({ correlationData, ...properties }: Properties): object {
  if (correlationData === undefined) return properties;
  return { ...properties, correlationData: Buffer.from(correlationData).toString('base64') };
}

export function readSession(fields: JsonFields): SessionRecord {
  return {
    clientId: fields.text('clientId'),
    protocolVersion: fields.oneOf('protocolVersion', [3, 4, 5]),
    sessionExpiryInterval: fields.numberWithin('sessionExpiryInterval', 0, highest.seconds),
    createdAt: fields.number('createdAt'),
    disconnectedAt: fields.optionalNumber('disconnectedAt'),
    identity: fields.optionalText('identity'),
    mountPoint: fields.text('mountPoint'),
    groups: fields.has('groups') ? fields.texts('groups') : [],
  };
}

export function readSubscription(fields: JsonFields): SubscriptionRecord {
  const filter = fields.filter('filter');
  const shareName = fields.optionalText('shareName');
  const ofFilter = parseSharedFilter(filter)?.shareName;
  if (shareName !== ofFilter) {
    throw new Error(`subscription.shareName has to be ${ofFilter ?? 'left out'}, as its filter says`);
  }
  return {
    filter,
    topicFilter: fields.filter('topicFilter'),
    shareName,
    qos: fields.oneOf('qos', [0, 1, 2]),
    noLocal: fields.flag('noLocal'),
    retainAsPublished: fields.flag('retainAsPublished'),
    retainHandling: fields.oneOf('retainHandling', [0, 1, 2]),
    subscriptionIdentifier: fields.has('subscriptionIdentifier')
      ? fields.numberWithin('subscriptionIdentifier', 1, highest.subscriptionIdentifier)
      : undefined,
  };
}

export function readPacketId(fields: JsonFields): number {
  return fields.numberWithin('packetId', 1, highest.packetId);
}

export function readEntry(fields: JsonFields): Omit<QueueEntry, 'message'> {
  const state = fields.oneOf('state', ['queued', 'sent', 'released']);
  return {
    sequence: fields.numberWithin('sequence', 1, Number.MAX_SAFE_INTEGER),
    qos: fields.oneOf('qos', [0, 1, 2]),
    retain: fields.flag('retain'),
    subscriptionIdentifiers: fields.numbersWithin(
      'subscriptionIdentifiers',
      1,
      highest.subscriptionIdentifier,
    ),
    share: fields.has('share') ? fields.filter('share') : undefined,
    packetId: state === 'queued' ? fields.numberWithin('packetId', 0, 0) : readPacketId(fields),
    state,
  };
}

export function readMessage(fields: JsonFields): Message {
  return {
    ...readUndatedMessage(fields),
    receivedAt: fields.number('receivedAt'),
    expiresAt: fields.optionalNumber('expiresAt'),
  };
}

/** A Will is dated when it is sent. */
export function readUndatedMessage(fields: JsonFields): WillRecord['message'] {
  return {
    topic: fields.topic('topic'),
    payload: fields.bytes('payload'),
    qos: fields.oneOf('qos', [0, 1, 2]),
    retain: fields.flag('retain'),
    properties: readProperties(fields.inner('properties')),
    origin: fields.oneOf('origin', ['client', 'will', 'host', 'bridge', 'system']),
    publisherId: fields.text('publisherId'),
  };
}

function readProperties(fields: JsonFields): Properties {
  const properties: Properties = {};
  if (fields.has('payloadFormatIndicator')) {
    properties.payloadFormatIndicator = fields.oneOf('payloadFormatIndicator', [0, 1]);
  }
  if (fields.has('messageExpiryInterval')) {
    properties.messageExpiryInterval = fields.numberWithin('messageExpiryInterval', 0, highest.seconds);
  }
  if (fields.has('contentType')) properties.contentType = fields.text('contentType');
  if (fields.has('responseTopic')) properties.responseTopic = fields.topic('responseTopic');
  if (fields.has('correlationData')) properties.correlationData = fields.bytes('correlationData');
  if (fields.has('userProperties')) {
    properties.userProperties = fields.list('userProperties').map((pair) => userProperty(pair));
  }
  return properties;
}

function userProperty(pair: unknown): [string, string] {
  const [name, value]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  if (typeof name === 'string' && typeof value === 'string') return [name, value];
  throw new Error('userProperties has to be pairs of texts');
}
