import type { QoS } from '@carillon/protocol';

/** A message as its publisher knows it. */
export interface SentMessage {
  readonly number: number;
  readonly publisher: string;
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly sentAt: number;
  /** `abandoned`: its publisher's session was lost. */
  outcome: 'open' | 'acknowledged' | 'refused' | 'abandoned';
  acknowledgedAt: number;
  /** A store call failed while it was open: it may have been refused and sent again behind others. */
  isDisturbed: boolean;
}

/** A message as a subscriber's application got it: repeats of one exchange are not in here. */
export interface Delivery {
  readonly number: number;
  readonly qos: QoS;
  readonly topic: string;
}

/** From the SUBACK on, until UNSUBSCRIBE was sent. */
interface Period {
  readonly filter: string;
  readonly from: number;
  to: number;
}

/** What a subscriber may rely on. */
export class SubscriberRecord {
  readonly name: string;
  readonly deliveries: Delivery[] = [];
  readonly periods: Period[] = [];
  /** What the broker must say of a filter; absent while an answer is outstanding or was lost. */
  readonly state = new Map<string, 'subscribed' | 'not subscribed'>();

  constructor(name: string) {
    this.name = name;
  }

  /** Whether the message has to reach this subscriber. */
  mustReceive(message: SentMessage): boolean {
    return this.periods.some(
      ({ filter, from, to }) =>
        matches(filter, message.topic) && from < message.sentAt && to > message.acknowledgedAt,
    );
  }
}

/** Everything that the clients of one simulation did and saw. */
export class TrafficRecord {
  readonly messages: SentMessage[] = [];
  readonly subscribers = new Map<string, SubscriberRecord>();
  /** Broken promises that are seen at once. */
  readonly faults: string[] = [];
  /** Everything that was said, in order. */
  readonly conversation: string[] = [];
  /** Whether the store was told, and did not fail, to keep a message for a subscriber; where that is known. */
  isStored: ((subscriber: string, number: number) => boolean) | undefined = undefined;
  #instant = 0;

  /** Later than everything before. */
  now(): number {
    return ++this.#instant;
  }

  newMessage(said: Pick<SentMessage, 'publisher' | 'topic' | 'qos' | 'retain'>): SentMessage {
    const message: SentMessage = {
      ...said,
      number: this.messages.length + 1,
      sentAt: this.now(),
      outcome: 'open',
      acknowledgedAt: Number.POSITIVE_INFINITY,
      isDisturbed: false,
    };
    this.messages.push(message);
    return message;
  }

  acknowledged(message: SentMessage): void {
    if (message.outcome === 'acknowledged') return;
    message.outcome = 'acknowledged';
    message.acknowledgedAt = this.now();
    for (const subscriber of this.subscribers.values()) {
      if (this.isStored === undefined || !subscriber.mustReceive(message)) continue;
      if (this.isStored(subscriber.name, message.number)) continue;
      this.faults.push(`${describe(message)} was acknowledged and was not stored for ${subscriber.name}`);
    }
  }

  storeFailed(): void {
    for (const message of this.messages) if (message.outcome === 'open') message.isDisturbed = true;
  }

  /** The conversation ends with what was found to be wrong, for whoever reads it. */
  say(line: string): void {
    this.conversation.push(line);
  }
}

/** `#` at the end is the only wildcard of these tests. */
function matches(filter: string, topic: string): boolean {
  return filter.endsWith('#') ? topic.startsWith(filter.slice(0, -1)) : filter === topic;
}

export function describe({ number, publisher, qos, topic }: SentMessage): string {
  return `message ${number} (${publisher}, QoS ${qos}, ${topic})`;
}
