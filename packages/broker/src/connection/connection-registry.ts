import type { Remote } from '@carillon/hooks';
import type { Limits } from '../options/engine-options.ts';
import type { Connection } from './connection.ts';

/** All open connections, and how many come from where. */
export class ConnectionRegistry {
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #limits: Limits;
  /** Told when the last one has gone. */
  #whenEmpty: (() => void) | undefined = undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#connections.size;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#connections.values();
  }

  /** Which limit a newcomer from there would break. */
  limitReached(remote: Remote): 'maximumConnections' | 'maximumConnectionsPerAddress' | undefined {
    if (this.#connections.size >= this.#limits.maximumConnections) return 'maximumConnections';
    const { address } = remote;
    const fromThere = address === undefined ? 0 : (this.#perAddress.get(address) ?? 0);
    return fromThere >= this.#limits.maximumConnectionsPerAddress
      ? 'maximumConnectionsPerAddress'
      : undefined;
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
    const { address } = connection.remote;
    if (address !== undefined) this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
  }

  remove(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    const { address } = connection.remote;
    if (address !== undefined) this.#leaveAddress(address);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  /** Settles when no connection is left. */
  emptied(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  #leaveAddress(address: string): void {
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}
