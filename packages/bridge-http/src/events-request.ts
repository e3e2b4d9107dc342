import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DropReason, ScheduledTask, SessionView } from '@carillon/hooks';
import type { Admitted, Caller } from './entrance.ts';
import { eventFrame, type GapReason } from './event-format.ts';
import { EventStream } from './event-stream.ts';
import { HeldStreams } from './held-streams.ts';
import { ConversationOver } from './mqtt-client.ts';
import { waitAtMost } from './patience.ts';
import { Problem, SenderGone } from './problem.ts';
import type { Query } from './query.ts';
import { clientIdOf, readStreamWish, type StreamWish } from './stream-request.ts';
import { randomName, type Surroundings } from './surroundings.ts';

/** A reader that was let in. */
interface Arrival extends Admitted {
  readonly caller: Caller;
  readonly token: string;
  readonly clientId: string;
  /** The session that the reader left is here. */
  readonly isBack: boolean;
}

/** What a dropped copy of a message means for its reader: one of these, and he has missed it. */
const missed: ReadonlySet<DropReason> = new Set<DropReason>([
  'offline',
  'slow-reader',
  'queue-full',
  'queue-bytes',
  'too-large',
  'store-failed',
  'hook-failed',
]);

/** Answers with streams of events, each the messages of a session of its own. */
export class EventsRequests {
  readonly #around: Surroundings;
  readonly #held: HeldStreams;
  #nextTick: ScheduledTask | undefined = undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#held = new HeldStreams(around.broker, around.clock, around.settings.limits);
  }

  /** Streams, those counted whose reader is away. */
  get size(): number {
    return this.#held.size;
  }

  /** @throws {Problem} when the stream cannot be had. */
  async answer(request: IncomingMessage, response: ServerResponse, query: Query): Promise<void> {
    const wish = readStreamWish(request, query, this.#around.settings);
    const caller = await this.#around.entrance.identify(request);
    const arrived = this.#held.reserve();
    try {
      await this.#begin(await this.#letIn(caller, wish), wish, response);
    } finally {
      arrived();
    }
  }

  /** The broker has dropped a copy of a message. */
  dropped(clientId: string | undefined, reason: DropReason): void {
    if (clientId !== undefined && missed.has(reason)) this.#held.get(clientId)?.dropped();
  }

  /** A reader may not have one of its filters any more: coming back, it is told so. */
  notAuthorized(clientId: string): void {
    const stream = this.#held.get(clientId);
    if (stream?.isRead !== true) return;
    stream.close();
    this.#held.readerLeft(stream);
  }

  close(): void {
    this.#nextTick?.cancel();
    this.#nextTick = undefined;
    this.#held.clear();
  }

  /** Back to the session that the reader left, if it is there and the reader's; otherwise to a new one. */
  async #letIn(caller: Caller, wish: StreamWish): Promise<Arrival> {
    const { entrance, settings } = this.#around;
    const { receiveMaximum, streamExpiry: sessionExpiryInterval } = settings.limits;
    const terms = { receiveMaximum, sessionExpiryInterval };
    const left = this.#sessionLeft(wish);
    if (left !== undefined) {
      const { token, session } = left;
      const { clientId } = session;
      let isTheirs = true;
      const accepts = (identity: string | undefined): boolean => {
        isTheirs = identity === session.identity;
        return isTheirs;
      };
      try {
        const admitted = await entrance.admit(caller, { clientId, ...terms, accepts });
        return { ...admitted, caller, token, clientId, isBack: admitted.connack.sessionPresent };
      } catch (error) {
        if (isTheirs) throw error;
      }
    }
    const token = randomName(this.#around);
    const clientId = clientIdOf(token);
    const admitted = await entrance.admit(caller, { clientId, ...terms });
    return { ...admitted, caller, token, clientId, isBack: false };
  }

  #sessionLeft({ last, filters }: StreamWish): { token: string; session: SessionView } | undefined {
    if (last?.isKnown !== true) return undefined;
    const { broker } = this.#around;
    const session = broker.session(clientIdOf(last.token));
    if (session === undefined || !this.#hasExactly(session.clientId, filters)) return undefined;
    return { token: last.token, session };
  }

  #hasExactly(clientId: string, filters: readonly string[]): boolean {
    const had = this.#around.broker.subscriptions(clientId).map(({ filter }) => filter);
    return had.length === filters.length && filters.every((filter) => had.includes(filter));
  }

  async #begin(arrival: Arrival, wish: StreamWish, response: ServerResponse): Promise<void> {
    const { broker, settings } = this.#around;
    const { client, clientId, caller, token, isBack, connack } = arrival;
    const { last } = wish;
    const after = last?.isKnown === true && last.token === token ? last.number : 0;
    const old = this.#held.get(clientId);
    // It may not have noticed yet that its reader has another connection.
    old?.close();
    const stream = old ?? new EventStream({ ...settings.limits, token, clientId, after });
    try {
      const identity = broker.client(clientId)?.identity;
      this.#held.add(stream, identity === undefined ? `from ${caller.remote.address}` : `as ${identity}`);
      stream.listen(client, connack.sessionPresent);
      await this.#subscribe(arrival, wish);
      if (response.destroyed) throw new SenderGone('the reader has gone');
    } catch (error) {
      // Nobody will come back to a stream that has not begun.
      client.leave(isBack ? 'stays' : 'ends');
      if (isBack) this.#held.readerLeft(stream);
      else this.#held.forget(stream);
      throw error;
    }
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      'X-Content-Type-Options': 'nosniff',
    });
    const gap: GapReason | undefined =
      last === undefined ? undefined : !isBack ? 'expired' : old === undefined ? 'restarted' : undefined;
    const greeting = (id: string): Buffer => {
      const retry = Buffer.from(`retry: ${settings.limits.retryDelay}\n`);
      return Buffer.concat([retry, eventFrame(id, 'ready', { filters: wish.filters, resumed: isBack })]);
    };
    stream.read(response, { after, gap, greeting }, () => this.#held.readerLeft(stream));
    this.#tickLater();
  }

  async #subscribe({ client, caller, clientId, isBack }: Arrival, wish: StreamWish): Promise<void> {
    const { clock, settings, entrance } = this.#around;
    if (isBack) {
      client.release();
      if (this.#hasExactly(clientId, wish.filters)) return;
      throw entrance.refusal(caller, 0x87, 'not authorized to subscribe to all of the filters any more');
    }
    const { acknowledgementTimeout } = settings.limits;
    const asked = client.subscribe(
      wish.filters.map((filter) => ({
        filter,
        qos: wish.qos,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: wish.retained ? 0 : 2,
      })),
    );
    client.release();
    try {
      const { reasonCodes, properties } = await waitAtMost(clock, acknowledgementTimeout, asked, () => {
        return new Problem(504, `the broker has not answered within ${acknowledgementTimeout} ms`);
      });
      const refused = reasonCodes.find((code) => code >= 0x80);
      if (refused !== undefined) throw entrance.refusal(caller, refused, properties.reasonString);
    } catch (error) {
      if (error instanceof ConversationOver) throw entrance.refusal(caller, error.reasonCode, error.message);
      throw error;
    }
  }

  /** One timer for all streams, and none while there are none. */
  #tickLater(): void {
    const { clock, settings } = this.#around;
    const { keepAliveInterval, stallTimeout } = settings.limits;
    this.#nextTick ??= clock.schedule(keepAliveInterval, () => {
      this.#nextTick = undefined;
      for (const stream of this.#held) stream.tick(clock.elapsed(), stallTimeout);
      if (this.#held.size > 0) this.#tickLater();
    });
  }
}
