import type { DecodedPublish } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import type { DirectLine } from '../routing/subscription.ts';

/**
 * Passes on what repeats an accepted PUBLISH of QoS 0 in all but the payload, in one piece for each receiver. What was
 * found of the first holds for the rest: nothing else happens between the packets of one chunk. Does nothing where
 * somebody has to look at each of them; they are handled one by one then.
 */
export function passOnRepeats(connection: Connection, packet: DecodedPublish): void {
  if (!connection.isFollowed(packet) || !maybePassedOn(connection, packet)) return;
  const lines = findLines(connection, packet.topic);
  if (lines === undefined) return;
  let room = Number.POSITIVE_INFINITY;
  for (const line of lines) room = Math.min(room, line.room);
  const run = connection.takeRepeats(packet, room);
  if (run === undefined) return;
  const { counters } = connection.engine;
  counters.publishReceived += run.count;
  counters.publishBytesReceived += run.payloadBytes;
  for (const line of lines) line.passOn(run);
}

/** Whether a message like this goes on in the bytes it came in, and no hook would be asked or told of it. */
function maybePassedOn(connection: Connection, { qos, retain, properties }: DecodedPublish): boolean {
  const { hooks, options } = connection.engine;
  const { slots } = hooks;
  return (
    qos === 0 &&
    !retain &&
    // A receiver of two copies gets both of one message before it gets the next. [MQTT-4.6.0-5]
    options.overlappingSubscriptions !== 'copy-per-filter' &&
    properties.topicAlias === undefined &&
    connection.session?.mountPoint === '' &&
    (slots.authorizePublish === null || !connection.publisher.mustBeAuthorized) &&
    slots.rewritePublish === null &&
    slots.commitPublish === null &&
    slots.published === null &&
    slots.authorizeDeliver === null &&
    slots.rewriteDeliver === null &&
    slots.delivered === null
  );
}

/** To all receivers; undefined when one of them has to look at each message, or chooses among several. */
function findLines({ engine, terms }: Connection, topic: string): readonly DirectLine[] | undefined {
  const { destinations, groups } = engine.router.route(topic);
  if (groups.length > 0) return undefined;
  const lines: DirectLine[] = [];
  for (const { receiver, subscriptions, subscriptionIdentifiers } of destinations) {
    const isPlain = subscriptions === undefined && subscriptionIdentifiers.length === 0;
    const line = isPlain ? receiver.directLine(terms.version) : undefined;
    if (line === undefined) return undefined;
    lines.push(line);
  }
  return lines;
}
