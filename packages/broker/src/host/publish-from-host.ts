import type { Payload, PublishOptions, PublishReceipt } from '@carillon/hooks';
import type { MaybePromise } from '@carillon/persistence';
import { EncodeError, encodedLength, type MessageProperties, ReasonCode } from '@carillon/protocol';
import { findTopicNameFault } from '@carillon/topics';
import type { Engine } from '../engine.ts';
import { OptionError } from '../options/option-error.ts';
import { createMessage } from '../publishing/broker-message.ts';
import { MadeMessage } from '../publishing/content.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import { PublishError } from '../publishing/publish-error.ts';
import { publisherOf, RefusedPublish } from '../publishing/publishing.ts';
import { tellPublished } from '../publishing/tell-published.ts';
import { isOwnTopic } from '../system/own-topics.ts';
import { whenDone } from '../when-done.ts';

/** Publishes for the host application or a bridge: the same way as a client's PUBLISH from the hooks on. */
export function publishFromHost(
  engine: Engine,
  topic: string,
  payload: Payload,
  options: PublishOptions,
): MaybePromise<PublishReceipt> {
  const { qos = 0, retain = false, properties, publisherId = '', origin = 'host' } = options;
  checkTopic(engine, topic, 'topic');
  if (properties?.responseTopic !== undefined) checkTopic(engine, properties.responseTopic, 'responseTopic');
  if (qos !== 0 && qos !== 1 && qos !== 2) throw new OptionError('qos', qos, '0, 1 or 2');
  checkProperties(properties);
  const tellsOfBridge = origin === 'bridge' && isOwnTopic(topic);
  const message = createMessage(
    {
      topic,
      payload: toBytes(payload),
      qos,
      retain,
      origin: tellsOfBridge ? 'system' : origin,
      publisherId,
      ...(properties === undefined ? {} : { properties }),
    },
    engine.now(),
  );
  if (tellsOfBridge) return engine.publishing.publishSystem(message).receipt();
  const publisher = publisherOf(origin);
  return whenDone(engine.publishing.publish(new MadeMessage(message), publisher), (outcome) => {
    if (outcome instanceof RefusedPublish) throw refusal(topic, outcome);
    tellPublished(engine, outcome, publisher);
    return whenDone(stored(engine, topic, outcome), () => outcome.receipt());
  });
}

function refusal(topic: string, { reason, reasonCode, by }: RefusedPublish): PublishError {
  const message = `publishing to "${topic}" was refused: ${reason}`;
  return new PublishError('PUBLISH_REFUSED', message, { reasonCode, by });
}

/** To be asked in the moment in which the message was taken over: this turn's batch then is the one that has it. */
function stored(engine: Engine, topic: string, fanOut: FanOut): MaybePromise<void> {
  if (!engine.turn.hasOperations && fanOut.heldUntil === 0) return undefined;
  return new Promise((resolve, reject) => {
    engine.turn.hold({
      stored: resolve,
      failed: (cause) =>
        reject(
          new PublishError('PUBLISH_NOT_STORED', `the message to "${topic}" could not be stored`, {
            reasonCode: ReasonCode.UnspecifiedError,
            by: engine.storage.store.name,
            cause,
          }),
        ),
    });
  });
}

function checkTopic(engine: Engine, topic: string, key: string): void {
  const fault = findTopicNameFault(topic, engine.topicLimits);
  if (fault !== undefined) throw new OptionError(key, topic, `a topic name: ${fault.message}`);
}

/** What no packet could carry is thrown here, and not at the first receiver. */
function checkProperties(properties: MessageProperties | undefined): void {
  if (properties === undefined) return;
  const packet = { type: 'publish', topic: 't', qos: 0, retain: false, dup: false, packetId: 0 } as const;
  try {
    encodedLength({ ...packet, payload: new Uint8Array(0), properties }, 5);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    throw new OptionError('properties', properties, `what a PUBLISH can carry: ${error.message}`);
  }
}

/** A copy: what the host does with its buffer afterwards is its own affair. */
function toBytes(payload: Payload): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return new Uint8Array(payload);
  throw new OptionError('payload', payload, 'a Uint8Array or a string');
}
