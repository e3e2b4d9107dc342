/**
 * Packet identifiers. Most clients never send QoS 2, and an empty Set takes 200 bytes: it is made with the first
 * identifier.
 */
export class PacketIdSet {
  #ids: Set<number> | undefined = undefined;

  get size(): number {
    return this.#ids?.size ?? 0;
  }

  has(packetId: number): boolean {
    return this.#ids?.has(packetId) === true;
  }

  add(packetId: number): void {
    this.#ids ??= new Set();
    this.#ids.add(packetId);
  }

  /** False when it was not there. */
  delete(packetId: number): boolean {
    return this.#ids?.delete(packetId) === true;
  }

  clear(): void {
    this.#ids = undefined;
  }
}
