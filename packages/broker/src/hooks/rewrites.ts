import type {
  ConnackChanges,
  ConnackEvent,
  ConnectChanges,
  ConnectEvent,
  DeliverEvent,
  MessageChanges,
  PublishEvent,
  SubscribeEvent,
  SubscriptionChanges,
  WillEvent,
} from '@carillon/hooks';
import {
  binaryData,
  boolean,
  bytes,
  type FieldChecks,
  flag,
  ImpossibleValue,
  inner,
  integer,
  nonEmptyText,
  plainFilter,
  qos,
  readFields,
  text,
  topicName,
  userProperties,
} from '@carillon/hooks/checks';
import type { Message } from '@carillon/persistence';
import type { ConnectProperties, MessageProperties, WillProperties } from '@carillon/protocol';
import type { Rewrite } from './rewrite.ts';

const messagePropertyFields: FieldChecks<MessageProperties> = {
  payloadFormatIndicator: flag,
  messageExpiryInterval: integer(0, 0xffff_ffff),
  contentType: text,
  responseTopic: topicName,
  correlationData: binaryData,
  userProperties,
};

const messageFields: FieldChecks<MessageChanges> = {
  topic: topicName,
  payload: bytes,
  qos,
  retain: boolean,
  properties: inner(messagePropertyFields),
};

const willPropertyFields: FieldChecks<WillProperties> = {
  ...messagePropertyFields,
  willDelayInterval: integer(0, 0xffff_ffff),
};

const willFields: FieldChecks<MessageChanges> = { ...messageFields, properties: inner(willPropertyFields) };

const connectFields: FieldChecks<ConnectChanges> = {
  clientId: nonEmptyText,
  username: text,
  cleanStart: boolean,
  keepAlive: integer(0, 0xffff),
  sessionExpiryInterval: integer(0, 0xffff_ffff),
};

const connackFields: FieldChecks<ConnackChanges> = {
  reasonString: text,
  userProperties,
  responseInformation: text,
  serverReference: nonEmptyText,
};

const subscriptionFields: FieldChecks<SubscriptionChanges> = {
  filter: plainFilter,
  qos,
  noLocal: boolean,
  retainAsPublished: boolean,
  retainHandling: qos,
};

/** The session expiry interval stands among the properties of CONNECT, the rest in its other fields. */
export const connectRewrite: Rewrite<ConnectEvent, ConnectEvent['connect']> = {
  subject: (event) => event.connect,
  apply: (answer, { connect }) => {
    const { sessionExpiryInterval, ...changes } = readFields(answer, connectFields);
    const properties: ConnectProperties =
      sessionExpiryInterval === undefined
        ? connect.properties
        : { ...connect.properties, sessionExpiryInterval };
    return { ...connect, ...changes, properties };
  },
  eventWith: (event, connect) => ({ ...event, connect }),
};

export const connackRewrite: Rewrite<ConnackEvent, ConnackEvent['properties']> = {
  subject: (event) => event.properties,
  apply: (answer, { properties }) => ({ ...properties, ...readFields(answer, connackFields) }),
  eventWith: (event, properties) => ({ ...event, properties }),
};

/**
 * A new filter keeps the group of the old one: the result's `filter` is what is to be matched, `$share/…`
 * in front of it where there was one.
 */
export const subscriptionRewrite: Rewrite<SubscribeEvent, SubscribeEvent['subscription']> = {
  subject: (event) => event.subscription,
  apply: (answer, { subscription }) => {
    const { filter, ...changes } = readFields(answer, subscriptionFields);
    const { shareName } = subscription;
    // [MQTT-3.8.3-4]
    if (changes.noLocal === true && shareName !== undefined) {
      throw new ImpossibleValue('noLocal is true for a shared subscription, which cannot have it.');
    }
    if (filter === undefined) return { ...subscription, ...changes };
    return {
      ...subscription,
      ...changes,
      filter: shareName === undefined ? filter : `$share/${shareName}/${filter}`,
    };
  },
  eventWith: (event, subscription) => ({ ...event, subscription }),
};

export const publishRewrite: Rewrite<PublishEvent, Message> = {
  subject: (event) => event.message,
  apply: (answer, event) => changeMessage(event.message, readFields(answer, messageFields)),
  eventWith: (event, message) => ({ ...event, message }),
};

export const deliverRewrite: Rewrite<DeliverEvent, Message> = {
  subject: (event) => event.message,
  apply: (answer, event) => changeMessage(event.message, readFields(answer, messageFields)),
  eventWith: (event, message) => ({ ...event, message }),
};

/** `null`: do not retain. */
export const retainedRewrite: Rewrite<PublishEvent, Message | null> = {
  subject: (event) => event.message,
  apply: (answer, event) =>
    answer === null ? null : changeMessage(event.message, readFields(answer, messageFields)),
  eventWith: (event, message) => ({ ...event, message }),
};

/** `null`: do not publish. */
export const willRewrite: Rewrite<WillEvent, WillEvent['will'] | null> = {
  subject: (event) => event.will,
  apply: (answer, { will }) => (answer === null ? null : { ...will, ...readFields(answer, willFields) }),
  eventWith: (event, will) => ({ ...event, will }),
};

/** A changed Message Expiry Interval counts from the moment the broker took the message over. */
function changeMessage(message: Message, changes: MessageChanges): Message {
  const changed = { ...message, ...changes };
  const interval = changed.properties.messageExpiryInterval;
  if (interval === message.properties.messageExpiryInterval) return changed;
  const expiresAt = interval === undefined ? undefined : message.receivedAt + interval * 1000;
  return { ...changed, expiresAt };
}
