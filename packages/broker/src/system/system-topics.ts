import type { Engine } from '../engine.ts';
import { createMessage } from '../publishing/broker-message.ts';
import type { Deadline } from '../time/deadlines.ts';
import { countEverything } from './count-everything.ts';
import { LoadAverages } from './load-averages.ts';
import type { TrafficCounters } from './traffic-counters.ts';

const encoder = new TextEncoder();

/** The counters whose load is told, by the name Mosquitto gave it. */
const loads = [
  ['messages/received', 'messagesReceived'],
  ['messages/sent', 'messagesSent'],
  ['publish/received', 'publishReceived'],
  ['publish/sent', 'publishSent'],
  ['publish/dropped', 'publishDropped'],
  ['bytes/received', 'bytesReceived'],
  ['bytes/sent', 'bytesSent'],
  ['connections', 'connectionsAccepted'],
] as const satisfies readonly (readonly [string, keyof TrafficCounters])[];

/**
 * What the broker tells of itself under `$SYS/broker/…`, in the names that Mosquitto made usual. All of it
 * is retained; a topic is sent again only when its value has changed.
 */
export class SystemTopics {
  readonly #engine: Engine;
  readonly #tick: Deadline;
  readonly #loads = new Map(loads.map(([name]) => [name, new LoadAverages()]));
  #startedAt = 0;
  #maximumConnected = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#tick = engine.deadlines.create(() => this.#update());
  }

  start(): void {
    const { systemTopicInterval, version } = this.#engine.options;
    if (systemTopicInterval === 0) return;
    this.#startedAt = this.#engine.clock.elapsed();
    this.#tell('version', version);
    this.#tellAll();
    this.#tick.setIn(systemTopicInterval * 1000);
  }

  stop(): void {
    this.#tick.cancel();
  }

  #update(): void {
    const { counters, options } = this.#engine;
    for (const [name, counter] of loads) {
      this.#loads.get(name)?.sample(counters[counter], options.systemTopicInterval);
    }
    this.#tellAll();
    this.#tick.setIn(options.systemTopicInterval * 1000);
  }

  #tellAll(): void {
    for (const [name, value] of this.#values()) this.#tell(name, String(value));
    for (const [name, averages] of this.#loads) {
      for (const [span, average] of averages.entries()) this.#tell(`load/${name}/${span}`, average);
    }
  }

  #values(): [name: string, value: number | string][] {
    const { counters, clock } = this.#engine;
    const now = countEverything(this.#engine);
    this.#maximumConnected = Math.max(this.#maximumConnected, now.clientsConnected);
    const uptime = Math.floor((clock.elapsed() - this.#startedAt) / 1000);
    return [
      ['uptime', `${uptime} seconds`],
      ['clients/connected', now.clientsConnected],
      ['clients/disconnected', now.sessions - now.clientsConnected],
      ['clients/total', now.sessions],
      ['clients/maximum', this.#maximumConnected],
      ['clients/expired', counters.sessionsExpired],
      ['messages/received', now.messagesReceived],
      ['messages/sent', now.messagesSent],
      ['publish/messages/received', now.publishReceived],
      ['publish/messages/sent', now.publishSent],
      ['publish/messages/dropped', now.publishDropped],
      ['publish/bytes/received', counters.publishBytesReceived],
      ['publish/bytes/sent', counters.publishBytesSent],
      ['bytes/received', now.bytesReceived],
      ['bytes/sent', now.bytesSent],
      ['store/messages/count', now.queuedMessages + now.retainedMessages],
      ['store/messages/bytes', now.queuedBytes + now.retainedBytes],
      ['subscriptions/count', now.subscriptions],
      ['retained messages/count', now.retainedMessages],
    ];
  }

  #tell(name: string, value: string): void {
    const topic = `$SYS/broker/${name}`;
    const payload = encoder.encode(value);
    const last = this.#engine.retained.get(topic)?.payload;
    if (last !== undefined && sameBytes(last, payload)) return;
    const parts = { topic, payload, qos: 0, retain: true, origin: 'system', publisherId: '' } as const;
    this.#engine.publishing.publishSystem(createMessage(parts, this.#engine.now()));
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
