import type { AclRule } from './acl-rule.ts';

/** A rule as a line of the format of this package would say it. */
export function ruleWords({ effect, actions, topic, who = {}, maximumQoS, retain }: AclRule): string {
  const { user, anonymous, clientId, group, address, certificate = {} } = who;
  const { commonName, subject = {}, alternativeName, fingerprint } = certificate;
  const conditions: readonly (readonly [string, string | undefined])[] = [
    ['user', user],
    ['client', clientId],
    ['group', group],
    ['address', address],
    ['cn', commonName],
    ...Object.entries(subject).map(([field, value]) => [`subject.${field}`, value] as const),
    ['san', alternativeName],
    ['fingerprint', fingerprint],
    ['qos', maximumQoS === undefined ? undefined : String(maximumQoS)],
    ['retain', retain === undefined ? undefined : retain ? 'yes' : 'no'],
  ];
  return [
    effect,
    actions.length === 3 ? 'all' : actions.join(','),
    quoted(topic),
    ...(anonymous === true ? ['anonymous'] : []),
    ...conditions.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quoted(value)}`])),
  ].join(' ');
}

function quoted(text: string): string {
  return /[\s"]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}
