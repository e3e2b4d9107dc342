/** What a publisher sent and what was acknowledged to it. */
export class PublisherLedger {
  readonly name: string;
  readonly qos: 1 | 2;
  readonly acknowledged = new Set<number>();
  sent = 0;

  constructor(name: string, qos: 1 | 2) {
    this.name = name;
    this.qos = qos;
  }
}

/** What a subscriber received, in order, by publisher. */
export class SubscriberLedger {
  readonly name: string;
  readonly #received = new Map<string, number[]>();
  readonly #distinct = new Map<string, Set<number>>();

  constructor(name: string) {
    this.name = name;
  }

  note(publisher: string, number: number): void {
    this.#distinct.set(publisher, (this.#distinct.get(publisher) ?? new Set()).add(number));
    const numbers = this.#received.get(publisher);
    if (numbers === undefined) this.#received.set(publisher, [number]);
    else numbers.push(number);
  }

  from(publisher: string): readonly number[] {
    return this.#received.get(publisher) ?? [];
  }

  /** Asked after every message, so it counts before it compares. */
  has({ name, acknowledged }: PublisherLedger): boolean {
    const distinct = this.#distinct.get(name) ?? new Set();
    return distinct.size >= acknowledged.size && [...acknowledged].every((number) => distinct.has(number));
  }
}

/** Every way in which a subscriber's messages break what was promised; empty when they do not. */
export function broken(publisher: PublisherLedger, subscriber: SubscriberLedger): string[] {
  const received = subscriber.from(publisher.name);
  const faults: string[] = [];
  const who = `${publisher.name} to ${subscriber.name}`;
  const known = new Set(received);
  const missing = [...publisher.acknowledged].filter((number) => !known.has(number));
  if (missing.length > 0) {
    faults.push(`${who}: ${missing.length} acknowledged messages are missing, such as ${missing[0]}`);
  }
  if (publisher.qos === 2 && known.size !== received.length) {
    faults.push(`${who}: ${received.length - known.size} QoS 2 messages came more than once`);
  }
  const firsts = [...known];
  const late = firsts.findIndex((number, i) => i > 0 && number < (firsts[i - 1] ?? 0));
  if (late !== -1) faults.push(`${who}: ${firsts[late]} came first after ${firsts[late - 1]}`);
  return faults;
}

/** A retained message that is older than the last one that was acknowledged; empty when it is not. */
export function outdated(publisher: PublisherLedger, retained: ReadonlyMap<string, number>): string[] {
  const last = Math.max(...publisher.acknowledged);
  const number = retained.get(publisher.name);
  if (number !== undefined && number >= last) return [];
  return [`${publisher.name}: ${number} is retained, and ${last} was acknowledged`];
}
