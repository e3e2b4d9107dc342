import { setMaxListeners } from 'node:events';
import { ReasonCode } from '@carillon/protocol';
import { type ArrivedMessage, arrivedMessage } from './arrived-message.ts';
import { Delivery, type DeliveryObserver, type Outcome } from './delivery.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Poster } from './post.ts';
import { QueueSession } from './queue-session.ts';
import type { Surroundings } from './surroundings.ts';
import type { WebhookError } from './webhook-error.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** Messages of one topic must not keep those of the others from being seen: so many are looked at for each request. */
const lookAhead = 4;

/** Who is told what becomes of messages. */
export interface ShiftObserver extends DeliveryObserver {
  settled(message: ArrivedMessage, outcome: Outcome): void;
}

/** What a shift is made of. */
export interface ShiftOptions {
  readonly surroundings: Surroundings;
  readonly settings: WebhookSettings;
  readonly clientId: string;
  readonly poster: Poster;
  readonly observer: ShiftObserver;
  /** Nothing is begun from then on, and what is under way stays in the queue. */
  readonly stop: AbortSignal;
}

/** From one connection of a webhook's session to its end: what comes out of the queue is delivered, then acknowledged. */
export class Shift {
  /** Settles with the reason when the connection ends. */
  readonly over: Promise<WebhookError>;
  readonly #options: ShiftOptions;
  readonly #window: number;
  readonly #session: QueueSession;
  readonly #dispatcher: Dispatcher<ArrivedMessage>;
  readonly #ended = new AbortController();

  constructor(options: ShiftOptions) {
    const { surroundings, settings, clientId, stop } = options;
    const { concurrency } = settings;
    this.#options = options;
    this.#window = concurrency === 1 ? 1 : concurrency * lookAhead;
    const signal = AbortSignal.any([stop, this.#ended.signal]);
    // Every delivery listens to both; Node would take more than ten for a leak.
    setMaxListeners(concurrency, signal, this.#ended.signal);
    this.#dispatcher = new Dispatcher(concurrency, (message) => this.#deliver(message, signal));
    let end: (error: WebhookError) => void = () => {};
    this.over = new Promise((resolve) => {
      end = resolve;
    });
    this.#session = new QueueSession(surroundings.broker, clientId, {
      arrived: (packet) => this.#take(arrivedMessage(packet, clientId, surroundings)),
      ended: (error) => {
        this.#dispatcher.clear();
        this.#ended.abort();
        end(error);
      },
    });
  }

  /** @throws {WebhookError} `WEBHOOK_LOCAL_REFUSED` */
  async begin(): Promise<void> {
    const { filters, qos, retained } = this.#options.settings;
    try {
      await this.#session.begin({ filters, qos, retained, window: this.#window });
    } catch (error) {
      this.#session.close();
      throw error;
    }
  }

  /** What is out of the queue and not settled. */
  inHand(): IterableIterator<ArrivedMessage> {
    return this.#dispatcher.tasks();
  }

  /** Leaves; what is not settled stays in the queue. */
  end(): void {
    this.#session.close();
  }

  #take(message: ArrivedMessage): void {
    this.#dispatcher.add(message);
    if (this.#dispatcher.waiting >= this.#window) this.#session.hold();
  }

  async #deliver(message: ArrivedMessage, signal: AbortSignal): Promise<void> {
    const { observer } = this.#options;
    const outcome = await new Delivery(message, this.#options, signal).run();
    // It stays in hand as long as the connection lasts: the state goes on telling of it.
    if (outcome.kind === 'left') await aborted(this.#ended.signal);
    else {
      const reasonCode =
        outcome.kind === 'dropped' ? ReasonCode.ImplementationSpecificError : ReasonCode.Success;
      // [MQTT-4.6.0-2] has clients acknowledge in the order of arrival: for an order across topics, which a
      // webhook with several requests at a time does not have.
      if (message.qos > 0) this.#session.acknowledge(message.packetId, reasonCode);
    }
    observer.settled(message, outcome);
    if (this.#dispatcher.waiting < this.#window) this.#session.release();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
