import type { Laboratory } from './laboratory.ts';

/**
 * What befalls a call: it throws, it rejects, it never answers, or it answers this many milliseconds of the
 * laboratory's clock later.
 */
export type Fault = 'throw' | 'reject' | 'hang' | { readonly delay: number };

/** Which calls go wrong, and how. */
export interface FaultPlanOptions {
  /** By the number of the call, beginning with 1. */
  at?: Readonly<Record<number, Fault>>;
  /** The share of the other calls that go wrong, drawn by the laboratory's seed: 0.1 is one in ten. Default: 0. */
  rate?: number;
  /** What befalls those. Default: `['throw', 'reject', 'hang', { delay: 1000 }]`. */
  faults?: readonly Fault[];
}

/** A call that went through a plan. */
export interface PlannedCall {
  /** Beginning with 1. */
  readonly number: number;
  readonly what: string;
  readonly fault: Fault | undefined;
}

/** What a call with a fault throws, or rejects with. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
  readonly code = 'CARILLON_INJECTED_FAULT';
}

/**
 * Lets calls go wrong, the same ones in every run with the same seed: stores that fail, hooks that hang.
 *
 * @example
 * ```ts
 * const plan = new FaultPlan(laboratory, { at: { 3: 'reject' } });
 * const store = plan.afflict(memoryStore(), ['commit']); // its third commit fails
 * ```
 */
export class FaultPlan {
  readonly #laboratory: Laboratory;
  readonly #at: ReadonlyMap<number, Fault>;
  readonly #rate: number;
  readonly #faults: readonly Fault[];
  readonly #random;
  readonly #calls: PlannedCall[] = [];

  constructor(laboratory: Laboratory, options: FaultPlanOptions = {}) {
    const { at = {}, rate = 0, faults = ['throw', 'reject', 'hang', { delay: 1000 }] } = options;
    this.#laboratory = laboratory;
    this.#at = new Map(Object.entries(at).map(([number, fault]) => [Number(number), fault]));
    this.#rate = rate;
    this.#faults = faults;
    this.#random = laboratory.random.fork('fault plan');
  }

  /** Every call so far, oldest first. */
  get calls(): readonly PlannedCall[] {
    return this.#calls;
  }

  /** What befalls the next call, which is counted by this. `undefined`: nothing. */
  next(what: string): Fault | undefined {
    const number = this.#calls.length + 1;
    const fault = this.#at.get(number) ?? this.#drawn();
    this.#calls.push({ number, what, fault });
    return fault;
  }

  /** A function that does what `call` does, where the plan lets it. A call that fails or hangs has done nothing. */
  wrap<Arguments extends unknown[], Result>(
    what: string,
    call: (...args: Arguments) => Result,
  ): (...args: Arguments) => Result | Promise<Awaited<Result>> {
    return (...args) => {
      const fault = this.next(what);
      if (fault === undefined) return call(...args);
      const failure = () => new InjectedFault(`${what}: call ${this.#calls.length} was to fail.`);
      if (fault === 'throw') throw failure();
      if (fault === 'reject') return Promise.reject(failure());
      if (fault === 'hang') return new Promise(() => {});
      return this.#later(fault.delay, () => call(...args));
    };
  }

  /** An object like `target` whose `methods` go through the plan, and which is `target` in everything else. */
  afflict<Target extends object>(target: Target, methods: readonly (keyof Target & string)[]): Target {
    const afflicted = new Set<string | symbol>(methods);
    return new Proxy(target, {
      get: (_, name) => {
        // With the target itself as `this`: its private fields are out of a proxy's reach.
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        const method = (...args: unknown[]): unknown => Reflect.apply(member, target, args);
        return afflicted.has(name) ? this.wrap(String(name), method) : method;
      },
    });
  }

  #drawn(): Fault | undefined {
    return this.#random.chance(this.#rate) ? this.#random.pick(this.#faults) : undefined;
  }

  async #later<Result>(delay: number, call: () => Result): Promise<Awaited<Result>> {
    await new Promise<void>((resolve) => this.#laboratory.clock.schedule(delay, resolve));
    return await call();
  }
}
