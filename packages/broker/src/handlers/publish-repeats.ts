import type { DecodedPublish } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import { largePayload } from '../connection/output.ts';
import { lowerQoS } from '../publishing/lower-qos.ts';
import { MessageRun } from '../publishing/message-run.ts';
import { allowsTopic } from '../publishing/permissions.ts';
import type { DirectLine } from '../routing/subscription.ts';

/**
 * Passes a PUBLISH of QoS 0 or 1 that has been checked on together with what repeats it in all but payload and
 * identifier, in one piece for each receiver. What was found of the first holds for the rest: nothing else happens
 * between the packets of one chunk. False where it is alone or somebody has to look at each of them: nothing was done,
 * and they are handled one by one.
 */
export function passOnWithRepeats(connection: Connection, packet: DecodedPublish): boolean {
  if (!connection.mayBeRepeated(packet) || !maybePassedOn(connection, packet)) return false;
  const lines = packet.qos === 2 ? undefined : findLines(connection, packet.topic, packet.qos);
  if (lines === undefined) return false;
  let bytes = Number.POSITIVE_INFINITY;
  let packets = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    bytes = Math.min(bytes, line.room);
    packets = Math.min(packets, line.window);
  }
  const packetsOfRun = connection.takeRepeats(packet, { bytes, packets });
  if (packetsOfRun === undefined) return false;
  const { counters } = connection.engine;
  counters.publishReceived += packetsOfRun.count - 1;
  counters.publishBytesReceived += packetsOfRun.payloadBytes - (packet.frameEnd - packet.payloadStart);
  const run = new MessageRun(packet, packetsOfRun, connection.author, connection.arrivedAt);
  for (const line of lines) line.passOn(run);
  if (packet.qos === 1) {
    connection.unacknowledgedQoS1--;
    connection.acknowledgeRun(packetsOfRun);
  }
  return true;
}

/** Whether a message like this goes on in the bytes it came in, and no hook would be asked or told of it. */
function maybePassedOn(connection: Connection, packet: DecodedPublish): boolean {
  const { hooks, options } = connection.engine;
  const { slots } = hooks;
  const { retain, properties } = packet;
  return (
    (packet.qos === 0 || maybeAcknowledgedAtOnce(connection, packet)) &&
    !retain &&
    // A receiver of two copies gets both of one message before it gets the next. [MQTT-4.6.0-5]
    options.overlappingSubscriptions !== 'copy-per-filter' &&
    properties.topicAlias === undefined &&
    connection.session?.mountPoint === '' &&
    allowsTopic(connection.publisher, packet.topic) &&
    (slots.authorizePublish === null || !connection.publisher.mustBeAuthorized) &&
    slots.rewritePublish === null &&
    slots.commitPublish === null &&
    slots.published === null &&
    slots.authorizeDeliver === null &&
    slots.rewriteDeliver === null &&
    slots.delivered === null
  );
}

/** Whether PUBACK says no more than success, and waits for nothing: so it will be for those that follow. */
function maybeAcknowledgedAtOnce(connection: Connection, packet: DecodedPublish): boolean {
  const { frameEnd, payloadStart, qos, dup } = packet;
  return (
    qos === 1 &&
    // It leaves without DUP, and is no copy of what came.
    !dup &&
    // Large ones travel by reference.
    frameEnd - payloadStart < largePayload &&
    connection.heldAcknowledgements === 0 &&
    !connection.engine.turn.hasOperations
  );
}

/**
 * To all receivers; undefined when one of them has to look at each message, or chooses among several. At QoS 1 also
 * when there are none, of which PUBACK tells, or when one gets it at another QoS.
 */
function findLines(
  { engine, terms }: Connection,
  topic: string,
  qos: 0 | 1,
): readonly DirectLine[] | undefined {
  const { destinations, groups } = engine.router.route(topic);
  if (groups.length > 0 || (qos === 1 && destinations.length === 0)) return undefined;
  const lines: DirectLine[] = [];
  for (const { receiver, subscriptions, subscriptionIdentifiers, qos: granted } of destinations) {
    const isPlain =
      subscriptions === undefined && subscriptionIdentifiers.length === 0 && lowerQoS(granted, qos) === qos;
    const line = isPlain ? receiver.directLine(terms.version, qos) : undefined;
    if (line === undefined) return undefined;
    lines.push(line);
  }
  return lines;
}
