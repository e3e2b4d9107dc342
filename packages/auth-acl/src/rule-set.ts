import type { Refusal } from '@carillon/hooks';
import type { QoS } from '@carillon/protocol';
import {
  FilterTree,
  filterCovers,
  filtersOverlap,
  hasWildcards,
  matchesFilter,
  NameTree,
} from '@carillon/topics';
import { actionBits, type CompiledRule, type SubscribeAnswer } from './compiled-rule.ts';
import { keysOf, type Subject } from './who.ts';

/** The rules of one topic filter, by whom they are about. */
class Shelf {
  readonly #byKey = new Map<string, CompiledRule[]>();

  add(rule: CompiledRule): void {
    const known = this.#byKey.get(rule.who.key);
    if (known === undefined) this.#byKey.set(rule.who.key, [rule]);
    else known.push(rule);
  }

  /** In the order of the list. */
  rules(key: string): readonly CompiledRule[] {
    return this.#byKey.get(key) ?? noRules;
  }
}

const noRules: readonly CompiledRule[] = [];

/** How a subscription that is wider than the rules is taken. */
export type WiderSubscriptions = 'refuse' | 'narrow';

/** When a rule asks about a connection that there is not: does it count? */
export type Doubt = 'allow' | 'deny';

/**
 * A list of rules, of which the first that fits decides, laid out so that asking follows the depth of the topic
 * and not the length of the list:
 *
 *     topic ─► FilterTree, NameTree ─► shelves of the filters that match
 *                                       └► by user, client id, group ─► the lowest in the list that fits
 */
export class RuleSet {
  /** Rules whose filter has wildcards, or placeholders. */
  readonly #wild = new FilterTree<Shelf>();
  /** Rules about one topic: found by topic, and by the filter of a subscription. */
  readonly #exact = new NameTree<Shelf>();
  readonly size: number;
  /** Of Mosquitto files: every subscription is granted, and delivery narrows it. */
  readonly grantsEverySubscription: boolean;

  constructor(rules: readonly CompiledRule[], grantsEverySubscription = false) {
    this.size = rules.length;
    this.grantsEverySubscription = grantsEverySubscription;
    for (const rule of rules) this.#shelfFor(rule.topic.widest).add(rule);
  }

  /** The rule that decides about one topic; undefined when none does. */
  findForTopic(topic: string, action: number, subject: Subject, inDoubt: Doubt): CompiledRule | undefined {
    const shelves: Shelf[] = [];
    const exact = this.#exact.get(topic);
    if (exact !== undefined) shelves.push(exact);
    this.#wild.collect(topic, shelves);
    let found: CompiledRule | undefined;
    for (const key of keysOf(subject.principal)) {
      for (const shelf of shelves) {
        for (const rule of shelf.rules(key)) {
          if (found !== undefined && rule.order > found.order) break;
          if (!counts(rule, action, subject, inDoubt)) continue;
          if (!coversTopic(rule, topic, subject)) continue;
          found = rule;
          break;
        }
      }
    }
    return found;
  }

  /** The verdict on a subscription; undefined when no rule is about any of it. */
  judgeFilter(
    filter: string,
    subject: Subject,
    wider: WiderSubscriptions,
  ): SubscribeAnswer | Refusal | undefined {
    let maximumQoS: QoS = 2;
    let partly: CompiledRule | undefined;
    for (const rule of this.#overlapping(filter, subject)) {
      const own = filterOf(rule, subject);
      if (!filtersOverlap(own, filter)) continue;
      const covers = filterCovers(own, filter);
      if (!rule.isAllow) {
        if (covers) return partly === undefined ? rule.refuse() : answerFor(partly);
        if (wider === 'refuse') return rule.refuseWider();
        continue;
      }
      maximumQoS = lower(maximumQoS, rule.maximumQoS);
      partly ??= rule;
      if (covers) return (wider === 'narrow' ? partly : rule).forSubscribe(maximumQoS);
    }
    return partly === undefined ? undefined : answerFor(partly);

    function answerFor(rule: CompiledRule): SubscribeAnswer | Refusal {
      return wider === 'narrow' ? rule.forSubscribe(maximumQoS) : rule.refuseWider();
    }
  }

  /** The rules about some of the topics of the filter, in the order of the list. */
  #overlapping(filter: string, subject: Subject): readonly CompiledRule[] {
    const keys = keysOf(subject.principal);
    const found: CompiledRule[] = [];
    const visit = (shelf: Shelf): void => {
      for (const key of keys) {
        for (const rule of shelf.rules(key)) {
          if (counts(rule, actionBits.subscribe, subject, 'deny')) found.push(rule);
        }
      }
    };
    if (hasWildcards(filter)) this.#exact.match(filter, visit);
    else {
      const exact = this.#exact.get(filter);
      if (exact !== undefined) visit(exact);
    }
    this.#wild.overlapping(filter, visit);
    return found.sort((one, other) => one.order - other.order);
  }

  #shelfFor(filter: string): Shelf {
    const tree = hasWildcards(filter) ? this.#wild : this.#exact;
    const known = tree.get(filter);
    if (known !== undefined) return known;
    const shelf = new Shelf();
    tree.set(filter, shelf);
    return shelf;
  }
}

function counts(rule: CompiledRule, action: number, subject: Subject, inDoubt: Doubt): boolean {
  if ((rule.actions & action) === 0) return false;
  const fit = rule.who.fits(subject);
  return fit === 'unknown' ? rule.isAllow === (inDoubt === 'allow') : fit === 'yes';
}

function coversTopic(rule: CompiledRule, topic: string, subject: Subject): boolean {
  if (rule.topic.isFixed) return true;
  return matchesFilter(filterOf(rule, subject), topic);
}

/** A value that must not stand in a topic narrows what is allowed to nothing, and what is denied not at all. */
function filterOf(rule: CompiledRule, { principal }: Subject): string {
  return rule.topic.fill(principal) ?? (rule.isAllow ? noTopic : rule.topic.widest);
}

/** Matches no topic: the character can be in none. */
const noTopic = '\0';

function lower(one: QoS, other: QoS): QoS {
  return one < other ? one : other;
}
