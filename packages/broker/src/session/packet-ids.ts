const highest = 65_535;

/** Hands out packet identifiers: each next one that is not in flight. [MQTT-2.2.1-4] */
export class PacketIds {
  #last = 0;

  /** `inUse` holds fewer than all 65,535; the in-flight limit sees to that. */
  take(inUse: ReadonlyMap<number, unknown>): number {
    do {
      this.#last = this.#last === highest ? 1 : this.#last + 1;
    } while (inUse.has(this.#last));
    return this.#last;
  }
}
