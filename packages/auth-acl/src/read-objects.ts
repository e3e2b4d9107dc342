import {
  boolean,
  exactly,
  type FieldChecks,
  ImpossibleValue,
  inner,
  isObject,
  nonEmptyText,
  qos,
  readFields,
} from '@carillon/hooks/checks';
import { AclError } from './acl-error.ts';
import type { AclAction, AclCertificate, AclRule, AclWho } from './acl-rule.ts';
import { checkRule } from './check-rule.ts';
import type { PlacedRule } from './placed-rule.ts';

const certificateFields: FieldChecks<AclCertificate> = {
  commonName: nonEmptyText,
  subject: texts,
  alternativeName: nonEmptyText,
  fingerprint: nonEmptyText,
};

const whoFields: FieldChecks<AclWho> = {
  user: nonEmptyText,
  anonymous: exactly(true),
  clientId: nonEmptyText,
  group: nonEmptyText,
  address: nonEmptyText,
  certificate: inner(certificateFields),
};

const ruleFields: FieldChecks<AclRule> = {
  effect: (value, field) => oneOf(['allow', 'deny'], value, field),
  actions,
  topic: nonEmptyText,
  who: inner(whoFields),
  maximumQoS: qos,
  retain: boolean,
};

/**
 * Reads rules that were given as objects. Copies: what the host does with them afterwards changes nothing.
 *
 * @throws AclError naming the rule by its number, from 1.
 */
export function readRuleObjects(rules: unknown): readonly PlacedRule[] {
  if (!Array.isArray(rules)) throw new AclError('ACL_OPTION_INVALID', 'rules has to be an array of rules');
  return rules.map((rule: unknown, index): PlacedRule => {
    const place = `rule ${index + 1}`;
    try {
      const checked = readRuleObject(rule);
      checkRule(checked, () => undefined);
      return { rule: checked, place, hasPlaceholders: 'named' };
    } catch (error) {
      if (!(error instanceof ImpossibleValue) && !(error instanceof AclError)) throw error;
      throw new AclError('ACL_RULE_INVALID', `${place}: ${error.message}`);
    }
  });
}

function readRuleObject(given: unknown): AclRule {
  const { effect, actions, topic, ...rest } = readFields(given, ruleFields);
  if (effect === undefined) throw new ImpossibleValue('effect is missing; it must be allow or deny.');
  if (actions === undefined) throw new ImpossibleValue('actions is missing; name at least one.');
  if (topic === undefined) throw new ImpossibleValue('topic is missing; it must be a topic filter.');
  return { effect, actions, topic, ...rest };
}

function actions(value: unknown, field: string): readonly AclAction[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new ImpossibleValue(`${field} must be an array of publish, subscribe and receive.`);
  }
  return value.map((action: unknown) => oneOf(['publish', 'subscribe', 'receive'], action, field));
}

function texts(value: unknown, field: string): Readonly<Record<string, string>> {
  if (!isObject(value)) throw new ImpossibleValue(`${field} must be an object such as { O: 'Acme' }.`);
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name, nonEmptyText(text, `${field}.${name}`)]),
  );
}

function oneOf<const T extends string>(choices: readonly T[], value: unknown, field: string): T {
  const choice = choices.find((known) => known === value);
  if (choice !== undefined) return choice;
  throw new ImpossibleValue(`${field} must be one of ${choices.join(', ')}.`);
}
