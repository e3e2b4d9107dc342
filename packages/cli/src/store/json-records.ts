import type {
  Message,
  QueueEntry,
  SessionRecord,
  SubscriptionRecord,
  WillRecord,
} from '@carillon/persistence';
import type { JsonFields } from './json-fields.ts';

type Properties = Message['properties'];

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
    sessionExpiryInterval: fields.number('sessionExpiryInterval'),
    createdAt: fields.number('createdAt'),
    disconnectedAt: fields.optionalNumber('disconnectedAt'),
    identity: fields.optionalText('identity'),
    mountPoint: fields.text('mountPoint'),
    groups: fields.has('groups') ? fields.texts('groups') : [],
  };
}

export function readSubscription(fields: JsonFields): SubscriptionRecord {
  return {
    filter: fields.text('filter'),
    topicFilter: fields.text('topicFilter'),
    shareName: fields.optionalText('shareName'),
    qos: fields.oneOf('qos', [0, 1, 2]),
    noLocal: fields.flag('noLocal'),
    retainAsPublished: fields.flag('retainAsPublished'),
    retainHandling: fields.oneOf('retainHandling', [0, 1, 2]),
    subscriptionIdentifier: fields.optionalNumber('subscriptionIdentifier'),
  };
}

export function readEntry(fields: JsonFields): Omit<QueueEntry, 'message'> {
  return {
    sequence: fields.number('sequence'),
    qos: fields.oneOf('qos', [0, 1, 2]),
    retain: fields.flag('retain'),
    subscriptionIdentifiers: fields.numbers('subscriptionIdentifiers'),
    share: fields.optionalText('share'),
    packetId: fields.number('packetId'),
    state: fields.oneOf('state', ['queued', 'sent', 'released']),
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
    topic: fields.text('topic'),
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
    properties.messageExpiryInterval = fields.number('messageExpiryInterval');
  }
  if (fields.has('contentType')) properties.contentType = fields.text('contentType');
  if (fields.has('responseTopic')) properties.responseTopic = fields.text('responseTopic');
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
