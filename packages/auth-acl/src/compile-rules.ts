import { BlockList } from 'node:net';
import type { AclAction, AclWho } from './acl-rule.ts';
import { rangeOf } from './check-rule.ts';
import { actionBits, CompiledRule } from './compiled-rule.ts';
import type { PlacedRule } from './placed-rule.ts';
import { Placeholders } from './placeholders.ts';
import { RuleSet } from './rule-set.ts';
import { ruleWords } from './rule-words.ts';
import { Who } from './who.ts';

/** Makes checked rules ready to be asked. */
export function compileRules(rules: readonly PlacedRule[], grantsEverySubscription = false): RuleSet {
  return new RuleSet(rules.map(compileRule), grantsEverySubscription);
}

function compileRule({ rule, place, hasPlaceholders }: PlacedRule, order: number): CompiledRule {
  const { effect, actions, topic, who = {}, maximumQoS = 2, retain = true } = rule;
  return new CompiledRule(order, {
    isAllow: effect === 'allow',
    actions: bitsOf(actions),
    topic: new Placeholders(topic, hasPlaceholders),
    who: new Who(who, addressesOf(who)),
    maximumQoS,
    retain,
    because: `${place}: ${ruleWords(rule)}`,
  });
}

function bitsOf(actions: readonly AclAction[]): number {
  return actions.reduce((bits, action) => bits | actionBits[action], 0);
}

function addressesOf({ address }: AclWho): BlockList | undefined {
  const range = address === undefined ? undefined : rangeOf(address);
  if (range === undefined) return undefined;
  const list = new BlockList();
  list.addSubnet(range.address, range.prefix, range.family);
  return list;
}
