import type { Broker } from '@carillon/hooks';
import type { MessageProperties, UserProperty } from '@carillon/protocol';
import type { ArrivedMessage } from './arrived-message.ts';
import type { WebhookError } from './webhook-error.ts';

/** Why a message was not delivered, and where it goes instead. */
export interface DeadLetter {
  /** The id of the webhook. */
  readonly webhook: string;
  readonly topic: string;
  /** The status of the last answer; undefined when none came. */
  readonly status: number | undefined;
  readonly error: WebhookError;
  readonly attempts: number;
}

/** Publishes a message as a dead letter; resolves when it is stored. It does not expire, and is not retained. */
export async function deadLetter(broker: Broker, message: ArrivedMessage, letter: DeadLetter): Promise<void> {
  await broker.publish(letter.topic, message.payload, {
    qos: 1,
    publisherId: `webhook:${letter.webhook}`,
    properties: propertiesOf(message, letter),
  });
}

function propertiesOf(
  { id, topic, properties }: ArrivedMessage,
  { webhook, status, error, attempts }: DeadLetter,
): MessageProperties {
  const {
    payloadFormatIndicator,
    contentType,
    responseTopic,
    correlationData,
    userProperties = [],
  } = properties;
  const story: readonly UserProperty[] = [
    ['dead-letter-webhook', webhook],
    ['dead-letter-topic', topic],
    ['dead-letter-message-id', id],
    ['dead-letter-reason', error.code],
    ...(status === undefined ? [] : [['dead-letter-status', String(status)] as const]),
    ['dead-letter-attempts', String(attempts)],
  ];
  return {
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator }),
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlationData }),
    userProperties: [...userProperties, ...story],
  };
}
