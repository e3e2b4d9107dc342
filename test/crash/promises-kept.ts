import type { EngineBroker } from '@carillon/broker';
import { describe, type SubscriberRecord, type TrafficRecord } from './traffic-record.ts';

/** Every promise that was broken, when all is over and everything has been delivered; empty when none was. */
export function brokenPromises(record: TrafficRecord, broker: EngineBroker): string[] {
  const faults = [...record.faults, ...oldRetained(record, broker)];
  for (const subscriber of record.subscribers.values()) {
    faults.push(
      ...missing(record, subscriber),
      ...repeated(subscriber),
      ...overtaken(record, subscriber),
      ...invented(record, subscriber),
      ...differentSession(subscriber, broker),
    );
  }
  return faults;
}

function missing(record: TrafficRecord, subscriber: SubscriberRecord): string[] {
  const received = new Set(subscriber.deliveries.map(({ number }) => number));
  return record.messages
    .filter(({ qos, outcome }) => qos > 0 && outcome === 'acknowledged')
    .filter((message) => subscriber.mustReceive(message) && !received.has(message.number))
    .map((message) => `${describe(message)} was acknowledged and is missing at ${subscriber.name}`);
}

/** Exactly once at QoS 2; what goes out at QoS 0 goes out once as well. */
function repeated({ name, deliveries }: SubscriberRecord): string[] {
  const seen = new Set<number>();
  const faults: string[] = [];
  for (const { number, qos } of deliveries) {
    if (qos === 1) continue;
    if (seen.has(number)) faults.push(`message ${number} came to ${name} more than once at QoS ${qos}`);
    seen.add(number);
  }
  return faults;
}

/** Messages of one publisher to one topic with one QoS come in the order in which they were sent. [MQTT-4.6.0-6] */
function overtaken({ messages }: TrafficRecord, subscriber: SubscriberRecord): string[] {
  const { name, deliveries } = subscriber;
  const latest = new Map<string, number>();
  const seen = new Set<number>();
  const faults: string[] = [];
  for (const { number, qos, topic } of deliveries) {
    const message = messages[number - 1];
    if (message === undefined || message.isDisturbed || seen.has(number)) continue;
    // One that was sent before the subscription may come by its repeat, after later ones.
    if (!subscriber.mustReceive(message)) continue;
    seen.add(number);
    const stream = `${message.publisher} ${topic} ${message.qos} ${qos}`;
    const before = latest.get(stream) ?? 0;
    if (number < before) faults.push(`message ${number} came to ${name} after message ${before}`);
    else latest.set(stream, number);
  }
  return faults;
}

function invented({ messages }: TrafficRecord, { name, deliveries }: SubscriberRecord): string[] {
  return deliveries
    .filter(({ number, topic }) => messages[number - 1]?.topic !== topic)
    .map(({ number, topic }) => `message ${number} came to ${name} on ${topic}, and nobody has sent it so`);
}

function differentSession({ name, state }: SubscriberRecord, broker: EngineBroker): string[] {
  const filters = new Set(broker.subscriptions(name).map(({ filter }) => filter));
  const faults = [...state]
    .filter(([filter, said]) => filters.has(filter) !== (said === 'subscribed'))
    .map(([filter, said]) => `${name} is ${said} to ${filter} by what it was told, but not in the session`);
  const session = broker.session(name);
  const left = (session?.queued ?? 0) + (session?.inflight ?? 0);
  if (left > 0) faults.push(`${left} messages wait for ${name} though everything was acknowledged`);
  return faults;
}

/**
 * Each topic has one publisher that retains: the retained message is the last acknowledged one, or a later one, or
 * one that a failing store refused and that was sent again behind it.
 */
function oldRetained({ messages }: TrafficRecord, broker: EngineBroker): string[] {
  const newest = new Map<string, number>();
  for (const { topic, number, qos, retain, outcome, isDisturbed } of messages) {
    if (!retain || qos === 0 || outcome !== 'acknowledged') continue;
    // An earlier one may have been sent again after it.
    if (isDisturbed) newest.delete(topic);
    else newest.set(topic, number);
  }
  const faults: string[] = [];
  for (const [topic, number] of newest) {
    const retained = broker.retained(topic);
    const kept = retained === undefined ? 0 : Number(new TextDecoder().decode(retained.payload));
    if (kept < number && messages[kept - 1]?.isDisturbed !== true)
      faults.push(`${topic} retains message ${kept}, and ${number} was acknowledged`);
  }
  return faults;
}
