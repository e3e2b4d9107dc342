import type { AclAction, AclCertificate, AclRule, AclWho } from './acl-rule.ts';
import { checkRule } from './check-rule.ts';
import { invalid, linesOf, splitLine, type Token } from './line-tokens.ts';
import type { PlacedRule } from './placed-rule.ts';

const actionWords: Readonly<Record<string, readonly AclAction[]>> = {
  publish: ['publish'],
  subscribe: ['subscribe'],
  receive: ['receive'],
  all: ['publish', 'subscribe', 'receive'],
};

const conditionNames =
  'user=, client=, group=, address=, cn=, subject.O= (or another field), san=, fingerprint=, anonymous, qos= and retain=';

/**
 * Reads rules in the format of this package, one a line:
 *
 *     allow publish,subscribe  devices/%c/#   group=devices qos=1
 *     deny  all                admin/#
 *
 * Empty lines and lines that begin with `#` say nothing.
 *
 * @throws AclError with line and column.
 */
export function readRules(text: string): readonly PlacedRule[] {
  return linesOf(text).flatMap((line, index) => {
    if (line.trimStart().startsWith('#')) return [];
    const tokens = splitLine(line, index + 1);
    const [first, ...rest] = tokens;
    if (first === undefined) return [];
    return [{ ...readRule(first, rest, index + 1, line.length + 1), place: `line ${index + 1}` }];
  });
}

function readRule(
  first: Token,
  rest: readonly Token[],
  line: number,
  end: number,
): Omit<PlacedRule, 'place'> {
  if (first.text !== 'allow' && first.text !== 'deny') {
    throw invalid(`"${first.text}" begins no rule; write allow or deny`, line, first.column);
  }
  const effect = first.text;
  const [actions, topic, ...conditions] = rest;
  if (actions === undefined) {
    throw invalid('what is allowed or denied is missing: publish, subscribe, receive or all', line, end);
  }
  if (topic === undefined) throw invalid('the topic filter is missing, such as devices/%c/#', line, end);
  const draft = new RuleDraft(line);
  for (const condition of conditions) draft.add(condition);
  const rule: AclRule = {
    effect,
    actions: readActions(actions, line),
    topic: topic.text,
    ...draft.rule(),
  };
  checkRule(rule, (part) => {
    const column = part === 'topic' ? topic.column : (draft.columnOf(part) ?? first.column);
    return { line, column };
  });
  return { rule, hasPlaceholders: 'named' };
}

function readActions({ text, column }: Token, line: number): readonly AclAction[] {
  let at = column;
  const actions = text.split(',').flatMap((word) => {
    const known = Object.hasOwn(actionWords, word) ? actionWords[word] : undefined;
    if (known === undefined) {
      throw invalid(`"${word}" is no action; there are publish, subscribe, receive and all`, line, at);
    }
    at += word.length + 1;
    return known;
  });
  return [...new Set(actions)];
}

/** The conditions of one line. */
class RuleDraft {
  readonly #line: number;
  readonly #columns = new Map<string, number>();
  #who: AclWho = {};
  #certificate: AclCertificate = {};
  #bounds: Pick<AclRule, 'maximumQoS' | 'retain'> = {};

  constructor(line: number) {
    this.#line = line;
  }

  columnOf(name: string): number | undefined {
    return this.#columns.get(name);
  }

  rule(): Pick<AclRule, 'who' | 'maximumQoS' | 'retain'> {
    const hasCertificate = Object.keys(this.#certificate).length > 0;
    const who = hasCertificate ? { ...this.#who, certificate: this.#certificate } : this.#who;
    return { ...(Object.keys(who).length === 0 ? {} : { who }), ...this.#bounds };
  }

  add({ text, column }: Token): void {
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    const value = equals === -1 ? undefined : text.slice(equals + 1);
    if (this.#columns.has(name)) throw invalid(`${name} stands twice; give it once`, this.#line, column);
    this.#columns.set(name, column);
    if (name === 'anonymous' && value === undefined) {
      this.#who = { ...this.#who, anonymous: true };
      return;
    }
    if (value === undefined || !this.#set(name, value, column)) {
      throw invalid(`"${text}" is no condition; there are ${conditionNames}`, this.#line, column);
    }
  }

  #set(name: string, value: string, column: number): boolean {
    if (value === '') throw invalid(`${name}= has no value`, this.#line, column);
    switch (name) {
      case 'user':
        this.#who = { ...this.#who, user: value };
        return true;
      case 'client':
        this.#who = { ...this.#who, clientId: value };
        return true;
      case 'group':
        this.#who = { ...this.#who, group: value };
        return true;
      case 'address':
        this.#who = { ...this.#who, address: value };
        return true;
      case 'cn':
        this.#certificate = { ...this.#certificate, commonName: value };
        return true;
      case 'san':
        this.#certificate = { ...this.#certificate, alternativeName: value };
        return true;
      case 'fingerprint':
        this.#certificate = { ...this.#certificate, fingerprint: value };
        return true;
      case 'qos':
        this.#bounds = { ...this.#bounds, maximumQoS: this.#qos(value, column) };
        return true;
      case 'retain':
        this.#bounds = { ...this.#bounds, retain: this.#retain(value, column) };
        return true;
      default:
        return this.#setSubject(name, value);
    }
  }

  #setSubject(name: string, value: string): boolean {
    const field = /^subject\.([A-Za-z0-9.]+)$/.exec(name)?.[1];
    if (field === undefined) return false;
    const subject = { ...this.#certificate.subject, [field]: value };
    this.#certificate = { ...this.#certificate, subject };
    return true;
  }

  #qos(value: string, column: number): 0 | 1 | 2 {
    if (value === '0') return 0;
    if (value === '1') return 1;
    if (value === '2') return 2;
    throw invalid(`qos=${value} is none; the highest QoS that is allowed is 0, 1 or 2`, this.#line, column);
  }

  #retain(value: string, column: number): boolean {
    if (value === 'yes' || value === 'no') return value === 'yes';
    throw invalid(`retain=${value} is neither yes nor no`, this.#line, column);
  }
}
