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
  readonly #aliases = new Map<string, number>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Undefined when the topic has none and cannot get one any more. */
  propose(topic: string): ProposedAlias | undefined {
    const known = this.#aliases.get(topic);
    if (known !== undefined) return { alias: known, isKnown: true };
    if (this.#aliases.size >= this.#maximum) return undefined;
    return { alias: this.#aliases.size + 1, isKnown: false };
  }

  /** The PUBLISH that sets it has left: one that was dropped has set no alias. */
  settle(topic: string, { alias }: ProposedAlias): void {
    this.#aliases.set(topic, alias);
  }
}
