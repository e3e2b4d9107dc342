/** An alias for a PUBLISH that is about to leave. */
export interface ProposedAlias {
  readonly alias: number;
  /** Whether the client knows it already, so that the topic can stay away. */
  readonly isKnown: boolean;
}

/**
 * The topic aliases the broker sets towards one client: first come, first served, up to what both sides
 * allow. [MQTT-3.1.2-26]
 */
export class OutboundAliases {
  readonly #maximum: number;
  #aliases: Map<string, number> | undefined = undefined;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** The alias of a topic that the client knows by one. */
  known(topic: string): number | undefined {
    return this.#aliases?.get(topic);
  }

  /** Undefined when the topic has none and cannot get one any more. */
  propose(topic: string): ProposedAlias | undefined {
    const known = this.#aliases?.get(topic);
    if (known !== undefined) return { alias: known, isKnown: true };
    const used = this.#aliases?.size ?? 0;
    return used < this.#maximum ? { alias: used + 1, isKnown: false } : undefined;
  }

  /** The PUBLISH that sets it has left: one that was dropped has set no alias. */
  settle(topic: string, { alias }: ProposedAlias): void {
    this.#aliases ??= new Map();
    this.#aliases.set(topic, alias);
  }
}
