import type { ServerResponse } from 'node:http';
import type { PublishPacket } from '@carillon/protocol';
import { eventData, eventFrame, eventId, type GapReason } from './event-format.ts';
import type { MqttClient } from './mqtt-client.ts';
import { ReplayRing } from './replay-ring.ts';

/** How a stream is read. */
export interface EventStreamOptions {
  readonly token: string;
  readonly clientId: string;
  readonly replayEvents: number;
  readonly replayBytes: number;
  /** The number of the last event of this stream that anybody has seen. */
  readonly after: number;
}

const sign = Buffer.from(':\n\n');

/**
 * The messages of one session as events, across the connections of their reader. A message of QoS 1 is acknowledged when
 * it is in the reader's connection; what is lost from there is sent again from the ring. While nobody reads, messages wait
 * in the session.
 */
export class EventStream {
  readonly token: string;
  readonly clientId: string;
  readonly #ring: ReplayRing;
  #client: MqttClient | undefined = undefined;
  #reader: ServerResponse | undefined = undefined;
  #whenLeft: () => void = () => {};
  #latest: number;
  /** The number of the next event that the reader is to get. */
  #next: number;
  /** The reader's connection takes nothing at the moment. */
  #isFull = false;
  /** When it was first seen to take nothing, in milliseconds of `elapsed()`. */
  #stalledSince: number | undefined = undefined;
  /** Messages in the ring that the broker takes for unacknowledged, by packet identifier. */
  readonly #unsettled = new Set<number>();
  /** Messages that the broker dropped and the reader was not told of. */
  #dropped = 0;

  constructor({ token, clientId, replayEvents, replayBytes, after }: EventStreamOptions) {
    this.token = token;
    this.clientId = clientId;
    this.#ring = new ReplayRing(replayEvents, replayBytes);
    this.#latest = after;
    this.#next = after + 1;
  }

  /** Somebody reads. */
  get isRead(): boolean {
    return this.#reader !== undefined;
  }

  /** Takes the messages of a connection from here on; they are kept until somebody reads. */
  listen(client: MqttClient, sessionPresent: boolean): void {
    this.#client = client;
    if (!sessionPresent) this.#unsettled.clear();
    client.onMessage = (message) => this.#take(client, message);
    client.onEnd = () => {
      if (this.#client === client) this.#leave();
    };
  }

  /**
   * Sends what came after event `after`, then what comes. `ended` is called when the stream is not read any more: the
   * reader has gone, or the connection to the broker has ended.
   */
  read(
    reader: ServerResponse,
    { after, gap, greeting }: { after: number; gap: GapReason | undefined; greeting: (id: string) => Buffer },
    ended: () => void,
  ): void {
    this.#reader = reader;
    this.#whenLeft = ended;
    this.#isFull = false;
    this.#stalledSince = undefined;
    this.#next = Math.min(after, this.#latest) + 1;
    reader.on('drain', () => this.#drained(reader));
    reader.once('close', () => {
      if (this.#reader === reader) this.#leave();
    });
    reader.write(greeting(eventId(this.token, this.#next - 1)));
    if (gap !== undefined) this.#announceGap(gap, null);
    this.#pump();
    // The broker may have ended the connection already.
    if (this.#client === undefined) this.#leave();
  }

  /** The broker has dropped a message of the session. */
  dropped(): void {
    this.#dropped++;
    if (this.#reader !== undefined && !this.#isFull) this.#pump();
  }

  /** A sign of life; cuts a reader who takes nothing for too long. `elapsed` is in milliseconds. */
  tick(elapsed: number, stallTimeout: number): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    if (!this.#isFull) reader.write(sign);
    else if (this.#stalledSince === undefined) this.#stalledSince = elapsed;
    else if (elapsed - this.#stalledSince >= stallTimeout) reader.destroy();
  }

  /** Ends the reader's answer; the session waits. */
  close(): void {
    const reader = this.#reader;
    this.#letGo();
    reader?.end();
  }

  #take(client: MqttClient, message: PublishPacket): void {
    const { qos, packetId, dup } = message;
    if (dup && this.#unsettled.delete(packetId)) {
      // It is in the ring since before the connection was cut.
      client.acknowledge(packetId);
      return;
    }
    if (qos > 0) this.#unsettled.add(packetId);
    const settle = (): void => {
      if (qos === 0 || client !== this.#client || !this.#unsettled.delete(packetId)) return;
      client.acknowledge(packetId);
    };
    const id = eventId(this.token, this.#latest + 1);
    this.#add(eventFrame(id, undefined, eventData(message)), settle);
    this.#pump();
  }

  #add(frame: Buffer, settle: () => void): void {
    const number = ++this.#latest;
    for (const gone of this.#ring.add({ number, frame, settle })) gone.settle();
  }

  #announceGap(reason: GapReason, missed: number | null): void {
    const data = { reason, missed };
    this.#reader?.write(eventFrame(eventId(this.token, this.#next - 1), 'gap', data));
  }

  /** Sends until the reader's connection is full or nothing is left. */
  #pump(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    while (!this.#isFull && this.#reader === reader) {
      if (this.#dropped > 0) {
        this.#announceGap('dropped', this.#dropped);
        this.#dropped = 0;
      }
      if (this.#next > this.#latest) return;
      const event = this.#ring.get(this.#next);
      if (event === undefined) {
        const oldest = this.#ring.oldest ?? this.#latest + 1;
        this.#announceGap('overrun', oldest - this.#next);
        this.#next = oldest;
        continue;
      }
      this.#next++;
      const takesMore = reader.write(event.frame, (error) => {
        if (error === undefined || error === null) event.settle();
      });
      if (takesMore) continue;
      this.#isFull = true;
      // The broker feels it as a client that does not read.
      this.#client?.hold();
    }
  }

  #drained(reader: ServerResponse): void {
    if (this.#reader !== reader) return;
    this.#isFull = false;
    this.#stalledSince = undefined;
    this.#pump();
    if (!this.#isFull) this.#client?.release();
  }

  /** The reader has gone, or the broker has ended the connection. */
  #leave(): void {
    const isRead = this.isRead;
    this.close();
    if (isRead) this.#whenLeft();
  }

  #letGo(): void {
    this.#reader = undefined;
    const client = this.#client;
    this.#client = undefined;
    client?.leave();
  }
}
