import type { Principal } from '@carillon/hooks';
import type { CompiledRule } from './compiled-rule.ts';

/** No rule is about it. */
export const noRule = Symbol('no rule');

/** The rule that decides about a topic for one client, or that there is none. */
export type Finding = CompiledRule | typeof noRule;

/** What was found for one client. */
export interface ClientFindings {
  readonly generation: number;
  readonly publish: Map<string, Finding>;
  readonly receive: Map<string, Finding>;
}

/**
 * What was found, by client and topic. It holds while the generation is the same: new rules need not look for what
 * they make untrue. A client that is gone takes its findings with it; one with too many topics begins anew, which
 * costs it new searches and nobody else anything.
 */
export class VerdictCache {
  readonly #maximumTopics: number;
  readonly #clients = new WeakMap<Principal, ClientFindings>();
  #generation = 0;

  /** @param maximumTopics per client, for each direction */
  constructor(maximumTopics: number) {
    this.#maximumTopics = maximumTopics;
  }

  /** All that was found is void. */
  renew(): void {
    this.#generation++;
  }

  /** What was found for this client is void. */
  forget(client: Principal): void {
    this.#clients.delete(client);
  }

  of(client: Principal): ClientFindings {
    const known = this.#clients.get(client);
    if (known !== undefined && known.generation === this.#generation) return known;
    const fresh = { generation: this.#generation, publish: new Map(), receive: new Map() };
    this.#clients.set(client, fresh);
    return fresh;
  }

  remember(findings: Map<string, Finding>, topic: string, finding: Finding): void {
    if (findings.size >= this.#maximumTopics) findings.clear();
    findings.set(topic, finding);
  }
}
