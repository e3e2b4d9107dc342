import type { Allowance, Refusal } from '@carillon/hooks';
import type { QoS } from '@carillon/protocol';
import type { Placeholders } from './placeholders.ts';
import type { Who } from './who.ts';

/** The actions of a rule as bits. */
export const actionBits = { publish: 1, subscribe: 2, receive: 4 } as const;

/** What `authorizeSubscribe` is answered. */
export type SubscribeAnswer = Refusal | (Allowance & { readonly maximumQoS: QoS });

/** A rule made ready: its answers are frozen, so that giving one costs the broker no more than looking it up. */
export class CompiledRule {
  /** Its place in the list: the lowest that fits decides. */
  readonly order: number;
  readonly isAllow: boolean;
  readonly actions: number;
  readonly who: Who;
  readonly topic: Placeholders;
  readonly maximumQoS: QoS;
  readonly #retain: boolean;
  readonly #because: string;
  readonly #yes: Allowance;
  readonly #no: Refusal;
  readonly #tooHighQoS: Refusal;
  readonly #retained: Refusal;
  readonly #subscriptions: readonly SubscribeAnswer[];

  constructor(
    order: number,
    rule: {
      isAllow: boolean;
      actions: number;
      topic: Placeholders;
      who: Who;
      maximumQoS: QoS;
      retain: boolean;
      /** The rule in words, and where it stands. */
      because: string;
    },
  ) {
    const { because, maximumQoS } = rule;
    this.order = order;
    this.isAllow = rule.isAllow;
    this.actions = rule.actions;
    this.topic = rule.topic;
    this.who = rule.who;
    this.maximumQoS = maximumQoS;
    this.#retain = rule.retain;
    this.#because = because;
    this.#yes = Object.freeze({ allow: true, because });
    this.#no = Object.freeze({ allow: false, because });
    this.#tooHighQoS = Object.freeze({ allow: false, because: `above QoS ${maximumQoS}: ${because}` });
    this.#retained = Object.freeze({ allow: false, because: `RETAIN is not allowed: ${because}` });
    this.#subscriptions = ([0, 1, 2] as const).map((qos) =>
      Object.freeze({ allow: true, maximumQoS: qos, because }),
    );
  }

  /** The verdict on a message that its client publishes. */
  forPublish(qos: QoS, retain: boolean): Allowance | Refusal {
    if (!this.isAllow) return this.#no;
    if (qos > this.maximumQoS) return this.#tooHighQoS;
    if (retain && !this.#retain) return this.#retained;
    return this.#yes;
  }

  /** The verdict on a message for somebody. */
  forReceive(): Allowance | Refusal {
    return this.isAllow ? this.#yes : this.#no;
  }

  /** The verdict on a subscription; other rules may have lowered its QoS further. */
  forSubscribe(maximumQoS: QoS): SubscribeAnswer {
    return this.#subscriptions[maximumQoS] ?? this.#no;
  }

  /** The refusal of a subscription of which this rule allows a part only, or denies one. */
  refuseWider(): Refusal {
    const part = this.isAllow ? 'only a part of it is allowed' : 'a part of it is denied';
    return Object.freeze({ allow: false, because: `${part}: ${this.#because}` });
  }

  refuse(): Refusal {
    return this.#no;
  }
}
