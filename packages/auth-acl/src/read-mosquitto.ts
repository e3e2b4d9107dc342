import type { AclAction, AclRule, AclWho } from './acl-rule.ts';
import { checkRule } from './check-rule.ts';
import { invalid, linesOf } from './line-tokens.ts';
import type { PlacedRule } from './placed-rule.ts';

const everything: readonly AclAction[] = ['publish', 'subscribe', 'receive'];

interface Access {
  readonly effect: AclRule['effect'];
  readonly actions: readonly AclAction[];
}

const readWrite: Access = { effect: 'allow', actions: ['publish', 'subscribe'] };

const accesses: Readonly<Record<string, Access>> = {
  read: { effect: 'allow', actions: ['subscribe'] },
  write: { effect: 'allow', actions: ['publish'] },
  readwrite: readWrite,
  deny: { effect: 'deny', actions: everything },
};

/**
 * Reads an ACL file of Mosquitto: `user`, `topic [read|write|readwrite|deny]` and `pattern`.
 *
 * What belongs to a user comes before the patterns, and in both, what denies before what allows: in that order
 * Mosquitto asks. Lines before the first `user` are about clients without a name.
 *
 * @throws AclError with line and column.
 */
export function readMosquittoRules(text: string): readonly PlacedRule[] {
  const ofUsers: PlacedRule[] = [];
  const patterns: PlacedRule[] = [];
  let who: AclWho = { anonymous: true };
  for (const [index, line] of linesOf(text).entries()) {
    const number = index + 1;
    const start = line.length - line.trimStart().length;
    const [, word = '', gap = '', rest = ''] = /^(\S*)(\s*)(.*)$/.exec(line.trim()) ?? [];
    const column = start + word.length + gap.length + 1;
    if (word === '' || word.startsWith('#')) continue;
    if (rest === '') throw invalid(`"${word}" has nothing after it`, number, column);
    if (word === 'user') who = { user: rest };
    else if (word === 'topic')
      ofUsers.push({ ...readTopic(rest, number, column, who), hasPlaceholders: 'none' });
    else if (word === 'pattern') {
      patterns.push({ ...readTopic(rest, number, column, {}), hasPlaceholders: 'pattern' });
    } else {
      throw invalid(`"${word}" begins no line; there are user, topic and pattern`, number, start + 1);
    }
  }
  return [...denialsFirst(ofUsers), ...denialsFirst(patterns)];
}

function readTopic(
  text: string,
  line: number,
  column: number,
  who: AclWho,
): Omit<PlacedRule, 'hasPlaceholders'> {
  const [, first = '', gap = '', rest = ''] = /^(\S+)(\s+)(.+)$/.exec(text) ?? [];
  const isPlain = rest === '';
  const access = isPlain ? readWrite : Object.hasOwn(accesses, first) ? accesses[first] : undefined;
  if (access === undefined) {
    throw invalid(`"${first}" is no access; there are read, write, readwrite and deny`, line, column);
  }
  const rule: AclRule = { ...access, topic: isPlain ? text : rest, who };
  checkRule(rule, () => ({ line, column: isPlain ? column : column + first.length + gap.length }));
  return { rule, place: `line ${line}` };
}

function denialsFirst(rules: readonly PlacedRule[]): readonly PlacedRule[] {
  return [
    ...rules.filter(({ rule }) => rule.effect === 'deny'),
    ...rules.filter(({ rule }) => rule.effect === 'allow'),
  ];
}
