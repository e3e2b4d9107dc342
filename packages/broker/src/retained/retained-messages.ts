import type { Message } from '@carillon/persistence';
import { hasWildcards, NameTree } from '@carillon/topics';
import type { Engine } from '../engine.ts';
import { hasExpired, sizeOf } from '../publishing/broker-message.ts';
import type { Content } from '../publishing/content.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import type { Deadline } from '../time/deadlines.ts';

/** The last retained message of each topic. */
export class RetainedMessages {
  readonly #engine: Engine;
  readonly #messages = new NameTree<Message>();
  /** Of the messages that expire. */
  readonly #expiries = new Map<string, Deadline>();
  /** Without the broker's own, here and in `#bytes`. */
  #count = 0;
  #bytes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get size(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(topic: string): Message | undefined {
    const message = this.#messages.get(topic);
    return message === undefined || hasExpired(message, this.#engine.now()) ? undefined : message;
  }

  /** Replaces the topic's retained message; an empty payload clears it. [MQTT-3.3.1-5] [MQTT-3.3.1-6] */
  keep(content: Content, fanOut: FanOut): void {
    const { message } = content;
    if (message.payload.length === 0) {
      this.clear(message.topic);
      return;
    }
    if (!this.#hasRoomFor(message)) {
      this.#engine.drop(content, 'retained-full', undefined, fanOut);
      return;
    }
    content.keep();
    const kept = content.message;
    this.#put(kept);
    const { storage, turn } = this.#engine;
    const { topic } = kept;
    if (storage.isVolatile(topic)) return;
    turn.record({ do: 'putRetained', message: kept }, storage.durabilityOf(topic));
  }

  /** As keep, for `$SYS`: it is made anew at every start, and counts against no limit. */
  keepSystem(message: Message): void {
    if (message.payload.length === 0) this.#take(message.topic);
    else this.#put(message);
  }

  /** Removes the topic's retained message; false when there was none. */
  clear(topic: string): boolean {
    if (!this.#take(topic)) return false;
    this.#engine.turn.record({ do: 'deleteRetained', topic });
    return true;
  }

  /** False when no message matches the filter, as far as one look can tell. */
  mayMatch(filter: string): boolean {
    return hasWildcards(filter) ? this.#messages.size > 0 : this.#messages.get(filter) !== undefined;
  }

  /** The messages that match a filter and are there at this call, while others may come and go. */
  matching(filter: string): IterableIterator<Message> {
    return this.#unexpired(this.#messages.matching(filter));
  }

  /** Takes up a message that the store had. */
  restore(message: Message): void {
    const { topic } = message;
    const isOver = hasExpired(message, this.#engine.now());
    if (!isOver) this.#put(message);
    // One of a topic that is not stored any more would come back with every start.
    if (isOver || this.#engine.storage.isVolatile(topic)) {
      this.#engine.turn.record({ do: 'deleteRetained', topic });
    }
  }

  *#unexpired(messages: Iterable<[topic: string, message: Message]>): IterableIterator<Message> {
    for (const [, message] of messages) {
      if (!hasExpired(message, this.#engine.now())) yield message;
    }
  }

  #hasRoomFor(message: Message): boolean {
    const { maximumRetainedMessages, maximumRetainedBytes } = this.#engine.options.limits;
    const known = this.#messages.get(message.topic);
    const count = this.#count + (known === undefined ? 1 : 0);
    const bytes = this.#bytes + sizeOf(message) - (known === undefined ? 0 : sizeOf(known));
    return count <= maximumRetainedMessages && bytes <= maximumRetainedBytes;
  }

  /** In the place of the old one: a feed that has the name still to come gives it as it is then. */
  #put(message: Message): void {
    const old = this.#messages.get(message.topic);
    if (old !== undefined) this.#letGo(old);
    this.#messages.set(message.topic, message);
    this.#tally(message, 1);
    if (message.expiresAt === undefined) return;
    const expiry = this.#engine.deadlines.create(() => this.#expire(message));
    this.#expiries.set(message.topic, expiry);
    expiry.setIn(message.expiresAt - this.#engine.now());
  }

  #expire(message: Message): void {
    if (this.#messages.get(message.topic) === message) this.clear(message.topic);
  }

  #take(topic: string): boolean {
    const message = this.#messages.get(topic);
    if (message === undefined) return false;
    this.#messages.delete(topic);
    this.#letGo(message);
    return true;
  }

  #letGo(message: Message): void {
    this.#tally(message, -1);
    this.#expiries.get(message.topic)?.cancel();
    this.#expiries.delete(message.topic);
  }

  #tally(message: Message, sign: 1 | -1): void {
    if (message.origin === 'system') return;
    this.#count += sign;
    this.#bytes += sign * sizeOf(message);
  }
}
