import type { SentMessage, TrafficRecord } from './traffic-record.ts';

export interface WillPlace {
  readonly topic: string;
  readonly qos: 1 | 2;
}

interface WillOfConnect {
  readonly will?: WillPlace & { readonly payload: string };
}

/**
 * The Will of a client: each CONNECT carries a new one. Once CONNACK has come, the broker is responsible for it as
 * for any message, and has to send it when the connection ends without DISCONNECT.
 */
export class ModelWill {
  readonly #record: TrafficRecord;
  readonly #publisher: string;
  readonly #place: WillPlace | undefined;
  #message: SentMessage | undefined = undefined;
  #state: 'sent' | 'accepted' | 'withdrawn' = 'sent';

  constructor(record: TrafficRecord, { name, will }: { name: string; will?: WillPlace | undefined }) {
    this.#record = record;
    this.#publisher = name;
    this.#place = will;
  }

  forConnect(): WillOfConnect {
    if (this.#place === undefined) return {};
    const message = this.#record.newMessage({
      ...this.#place,
      publisher: `the Will of ${this.#publisher}`,
      retain: false,
    });
    this.#message = message;
    this.#state = 'sent';
    return { will: { ...this.#place, payload: String(message.number) } };
  }

  accepted(): void {
    this.#state = 'accepted';
  }

  /** DISCONNECT was sent: whether it arrives, nobody knows. */
  withdraw(): void {
    this.#state = 'withdrawn';
  }

  connectionOver(): void {
    if (this.#message !== undefined) {
      if (this.#state === 'accepted') this.#record.acknowledged(this.#message);
      else this.#message.outcome = 'abandoned';
    }
    this.#message = undefined;
  }
}
