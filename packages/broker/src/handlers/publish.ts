import type { MaybePromise } from '@carillon/persistence';
import { type DecodedPublish, ProtocolError, ReasonCode } from '@carillon/protocol';
import { findTopicNameFault, type TopicFault } from '@carillon/topics';
import { acknowledgeWhenStored } from '../connection/acknowledge-when-stored.ts';
import type { Connection } from '../connection/connection.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import { MessageInBytes } from '../publishing/message-in-bytes.ts';
import { RefusedPublish } from '../publishing/publishing.ts';
import { tellPublished } from '../publishing/tell-published.ts';
import { isOwnTopic, ownTopicsReason } from '../system/own-topics.ts';
import { isPromise } from '../when-done.ts';
import { passOnWithRepeats } from './publish-repeats.ts';

/** PUBLISH from a client: alias, legality, grants and window, QoS 2 repeats; then it is a message. */
export function handlePublish(connection: Connection, packet: DecodedPublish): MaybePromise<void> {
  const { session, engine } = connection;
  if (session === undefined) return undefined;
  engine.counters.publishReceived++;
  engine.counters.publishBytesReceived += packet.frameEnd - packet.payloadStart;
  const topic = resolveAlias(connection, packet);
  checkContents(connection, packet);
  checkGrants(connection, packet);
  const mounted = session.mountPoint === '' ? topic : session.mountPoint + topic;
  const topicFault = findTopicFault(connection, mounted);
  if (packet.qos === 2 && session.inboundIds.has(packet.packetId)) {
    // A repeat: it was taken over before. [MQTT-4.3.3-10]
    countInWindow(connection, packet);
    const { packetId } = packet;
    acknowledgeWhenStored(connection, { type: 'pubrec', packetId, reasonCode: 0, isRepeat: true });
    return undefined;
  }
  countInWindow(connection, packet);
  if (topicFault !== undefined) {
    throw new ProtocolError(ReasonCode.TopicNameInvalid, topicFault.rule, topicFault.message);
  }
  if (isOwnTopic(topic)) {
    const refused = new RefusedPublish(ReasonCode.NotAuthorized, ownTopicsReason, 'state');
    answer(connection, packet, topic, refused);
    return undefined;
  }
  const begun = packet.qos === 2 ? session.beingTakenOver?.get(packet.packetId) : undefined;
  // A repeat on the next connection, while the hooks still think about the first.
  if (begun !== undefined) return begun.then((settled) => answer(connection, packet, topic, settled));
  if (passOnWithRepeats(connection, packet)) return undefined;
  const content = new MessageInBytes(packet, mounted, connection.author, connection.arrivedAt);
  const { publisher, terms } = connection;
  // Below a mount point the topics in it are others.
  const asItCame = session.mountPoint === '' ? packet : undefined;
  const outcome = engine.publishing.publish(content, publisher, asItCame, terms.version);
  if (!isPromise(outcome)) {
    answer(connection, packet, topic, outcome);
    if (!(outcome instanceof RefusedPublish)) tellPublished(engine, outcome, connection.publisher);
    return undefined;
  }
  if (packet.qos === 2) {
    session.beingTakenOver ??= new Map();
    session.beingTakenOver.set(packet.packetId, outcome);
  }
  return outcome.then((settled) => {
    if (packet.qos === 2) session.beingTakenOver?.delete(packet.packetId);
    answer(connection, packet, topic, settled);
    if (!(settled instanceof RefusedPublish)) tellPublished(engine, settled, connection.publisher);
  });
}

/** [MQTT-3.3.2-7] to [MQTT-3.3.2-12] */
function resolveAlias(connection: Connection, packet: DecodedPublish): string {
  const { topicAlias } = packet.properties;
  if (topicAlias !== undefined) return connection.inboundAliases.resolve(packet.topic, topicAlias);
  if (packet.topic === '') {
    throw new ProtocolError(ReasonCode.ProtocolError, 'MQTT-4.7.3-1', 'neither a topic nor an alias');
  }
  return packet.topic;
}

/** The mount point counts too: some receivers see it. A topic with a route was found good when that was made. */
function findTopicFault({ engine }: Connection, mounted: string): TopicFault | undefined {
  return engine.router.remembers(mounted) ? undefined : findTopicNameFault(mounted, engine.topicLimits);
}

function checkContents({ engine, session, terms }: Connection, { properties }: DecodedPublish): void {
  if (terms.version !== 5) return;
  if (properties.subscriptionIdentifiers !== undefined) {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      'MQTT-3.3.4-6',
      'a Subscription Identifier is sent by servers only',
    );
  }
  const { responseTopic } = properties;
  if (responseTopic === undefined) return;
  const mountPoint = session?.mountPoint ?? '';
  const mounted = responseTopic === '' ? '' : mountPoint + responseTopic;
  const fault = findTopicNameFault(mounted, engine.topicLimits);
  if (fault !== undefined) {
    throw new ProtocolError(ReasonCode.ProtocolError, 'MQTT-3.3.2-14', `Response Topic: ${fault.message}`);
  }
}

/** What CONNACK granted. MQTT 3 has no way to be told of these limits; there the connection ends too. */
function checkGrants({ terms }: Connection, packet: DecodedPublish): void {
  if (packet.qos > terms.maximumQoS) {
    throw new ProtocolError(
      ReasonCode.QoSNotSupported,
      'MQTT-3.2.2-11',
      `QoS ${packet.qos} is above the Maximum QoS of ${terms.maximumQoS}`,
    );
  }
  if (packet.retain && !terms.retainAvailable) {
    throw new ProtocolError(ReasonCode.RetainNotSupported, 'MQTT-3.2.2-14', 'RETAIN is not available');
  }
}

/** Identifiers that are not finished count against Receive Maximum, each once. [MQTT-3.3.4-7] */
function countInWindow(connection: Connection, { qos, packetId }: DecodedPublish): void {
  if (qos === 0) return;
  if (qos === 1) connection.unacknowledgedQoS1++;
  else connection.countedIds.add(packetId);
  const unfinished = connection.unacknowledgedQoS1 + connection.countedIds.size;
  if (unfinished > connection.terms.receiveMaximum) {
    throw new ProtocolError(
      ReasonCode.ReceiveMaximumExceeded,
      'MQTT-3.3.4-7',
      `${unfinished} messages are unfinished; the Receive Maximum is ${connection.terms.receiveMaximum}`,
    );
  }
}

/** The connection may be over by now, but the session may go on: what it has to know is noted all the same. */
function answer(
  connection: Connection,
  packet: DecodedPublish,
  topic: string,
  outcome: FanOut | RefusedPublish,
): void {
  if (connection.session?.hasEnded === true) return;
  if (outcome instanceof RefusedPublish) refuse(connection, packet, topic, outcome);
  else accept(connection, packet, outcome);
}

function accept(connection: Connection, { qos, packetId }: DecodedPublish, fanOut: FanOut): void {
  const { engine, session } = connection;
  if (qos === 2 && session !== undefined) {
    session.inboundIds.add(packetId);
    const { topic } = fanOut.content;
    if (session.isStored && !engine.storage.isVolatile(topic)) {
      const { clientId } = session;
      engine.turn.record({ do: 'putInboundId', clientId, packetId }, engine.storage.durabilityOf(topic));
    }
  }
  if (qos !== 0) {
    const nobody = fanOut.matched === 0 && engine.options.tellNoMatchingSubscribers;
    const reasonCode = nobody ? ReasonCode.NoMatchingSubscribers : ReasonCode.Success;
    acknowledgeWhenStored(connection, { type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode });
  }
}

/**
 * MQTT 5.0 answers with the reason and stays connected. Before it there is no such answer: what is not allowed
 * is acknowledged as usual and goes nowhere, v3:[MQTT-3.3.5-2]; upon what could not be done this time the
 * connection ends, v3:[MQTT-4.8.0-2], so that the client sends it again.
 */
function refuse(
  connection: Connection,
  packet: DecodedPublish,
  topic: string,
  refused: RefusedPublish,
): void {
  const { qos, packetId } = packet;
  connection.tellRefused('publish', refused.reasonCode, refused.forHost, refused.by, topic);
  if (qos === 0) return;
  const type = qos === 1 ? 'puback' : 'pubrec';
  if (connection.terms.version === 5) {
    const userProperties = refused.refusal?.userProperties;
    const properties = {
      reasonString: refused.reason,
      ...(userProperties === undefined ? {} : { userProperties }),
    };
    acknowledgeWhenStored(connection, { type, packetId, reasonCode: refused.reasonCode, properties });
    return;
  }
  if (refused.why === 'not-done') {
    connection.terminate(refused.reasonCode, refused.reason);
    return;
  }
  if (qos === 2) connection.session?.inboundIds.add(packetId);
  acknowledgeWhenStored(connection, { type, packetId, reasonCode: ReasonCode.Success });
}
