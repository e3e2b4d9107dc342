import type { Broker } from '@carillon/hooks';

/** What is asked of a remote session, so that it has the subscriptions it is to have. */
export interface SubscriptionChanges {
  readonly subscribe: ReadonlySet<string>;
  readonly unsubscribe: readonly string[];
}

/** What the sessions have, by address: filters with their QoS. */
type Known = Record<string, Record<string, number>>;

/**
 * What the sessions of one connection are subscribed to on the remote brokers, as far as is known. It outlives this
 * process, as a retained message: in MQTT 3.1.1 to subscribe again is to get again whatever is retained there.
 */
export class RemoteSubscriptions {
  readonly #broker: Broker;
  readonly #topic: string;
  readonly #clientId: string;
  #known: Known | undefined = undefined;
  /** Addresses at which the known is so, and not only remembered. */
  readonly #checked = new Set<string>();

  constructor(broker: Broker, place: string, clientId: string) {
    this.#broker = broker;
    this.#topic = `$bridge/subscribed/${place}`;
    this.#clientId = clientId;
  }

  /**
   * @param wanted Filters with their QoS.
   * @param mayRepeat Whether to subscribe again does no harm: it is then done once, though the filter is remembered.
   */
  changes(address: string, wanted: ReadonlyMap<string, number>, mayRepeat: boolean): SubscriptionChanges {
    const known = new Map(Object.entries(this.#read()[address] ?? {}));
    const isSure = this.#checked.has(address) || !mayRepeat;
    const subscribe = [...wanted].filter(([filter, qos]) => !isSure || known.get(filter) !== qos);
    return {
      subscribe: new Set(subscribe.map(([filter]) => filter)),
      unsubscribe: [...known.keys()].filter((filter) => !wanted.has(filter)),
    };
  }

  /** The remote broker has granted them; undefined when it has none of the session any more. */
  async note(address: string, granted: ReadonlyMap<string, number>): Promise<void> {
    const before = this.#read();
    const after = { ...before, [address]: Object.fromEntries(granted) };
    this.#checked.add(address);
    this.#known = after;
    if (JSON.stringify(after) !== JSON.stringify(before)) await this.#write(after);
  }

  /** The session of that address is not there any more. */
  lost(address: string): void {
    const { [address]: _, ...others } = this.#read();
    this.#known = others;
  }

  /** The bridge is removed. */
  async forget(): Promise<void> {
    this.#known = {};
    if (this.#broker.retained(this.#topic) !== undefined) await this.#publish('');
  }

  /** What is remembered of another client id is about other sessions. */
  #read(): Known {
    this.#known ??= this.#remembered();
    return this.#known;
  }

  #remembered(): Known {
    const kept = this.#broker.retained(this.#topic);
    if (kept === undefined) return {};
    try {
      const { clientId, at }: { clientId?: string; at?: Known } = JSON.parse(
        new TextDecoder().decode(kept.payload),
      );
      return clientId === this.#clientId && at !== undefined ? at : {};
    } catch {
      // Somebody else wrote there: nothing is known.
      return {};
    }
  }

  #write(at: Known): Promise<void> {
    return this.#publish(JSON.stringify({ clientId: this.#clientId, at }));
  }

  async #publish(payload: string): Promise<void> {
    await this.#broker.publish(this.#topic, payload, { qos: 1, retain: true });
  }
}
