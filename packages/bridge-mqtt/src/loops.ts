import { filtersOverlap } from '@carillon/topics';
import { BridgeError } from './bridge-error.ts';
import type { LinkSettings } from './link-settings.ts';
import type { TopicRule } from './topic-rule.ts';

/**
 * Refuses topics that obviously send a message round: out by one rule, back by another under a new name, and out
 * again by the first, with each lap longer.
 *
 * @throws {BridgeError} `BRIDGE_LOOPS`
 */
export function refuseLoops({ name, rules, connections, protocolVersion }: LinkSettings): void {
  for (const out of rules) {
    if (out.direction === 'in') continue;
    for (const back of rules) {
      if (back.direction === 'out' || !filtersOverlap(out.filter.remote, back.filter.remote)) continue;
      if (connections > 1 && protocolVersion === 4) {
        throw loops(
          name,
          `"${out.text}" goes out and "${back.text}" comes in; with several connections MQTT 3.1.1 has no means against messages that come back`,
        );
      }
      if (!growsEachLap(out, back)) continue;
      throw loops(
        name,
        `what "${out.text}" sends out comes back by "${back.text}" under another name, and goes out again`,
      );
    }
  }
}

/** A pair of rules by which what goes out could come in again. */
export function comesBack(rules: readonly TopicRule[]): [TopicRule, TopicRule] | undefined {
  return crossing(rules, rules);
}

/**
 * Refuses two bridges to one broker of which one brings in what the other takes out: they know nothing of each
 * other's messages.
 *
 * @throws {BridgeError} `BRIDGE_LOOPS`
 */
export function refuseCrossing(one: LinkSettings, other: LinkSettings): void {
  const shared = one.addresses.find(({ host, port }) =>
    other.addresses.some((address) => address.host === host && address.port === port),
  );
  if (shared === undefined) return;
  const crosses = crossing(one.rules, other.rules) ?? crossing(other.rules, one.rules);
  if (crosses === undefined) return;
  const [out, back] = crosses;
  throw new BridgeError(
    'BRIDGE_LOOPS',
    `bridges "${one.name}" and "${other.name}" both lead to ${shared.text}, and "${back.text}" of one brings back what "${out.text}" of the other takes out; put their topics into one bridge`,
  );
}

function crossing(
  outs: readonly TopicRule[],
  backs: readonly TopicRule[],
): [TopicRule, TopicRule] | undefined {
  for (const out of outs) {
    if (out.direction === 'in') continue;
    const back = backs.find(
      (rule) => rule.direction !== 'out' && filtersOverlap(out.filter.remote, rule.filter.remote),
    );
    if (back !== undefined) return [out, back];
  }
  return undefined;
}

/** A topic that both carry: in by one and out by the other, and still in by the first, but under another name. */
function growsEachLap(out: TopicRule, back: TopicRule): boolean {
  const topic = sampleOf(out.filter.remote, back.filter.remote);
  const here = back.map(topic, 'remote');
  const next = here === undefined ? undefined : out.map(here, 'local');
  return next !== undefined && next !== topic && back.map(next, 'remote') !== undefined;
}

/** A topic that two overlapping filters match. */
function sampleOf(a: string, b: string): string {
  const [one, other] = [a.split('/'), b.split('/')];
  const levels: string[] = [];
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    const level = [one[i], other[i]].find((text) => text !== undefined && text !== '+' && text !== '#');
    levels.push(level ?? 'x');
  }
  return levels.join('/');
}

function loops(name: string, why: string): BridgeError {
  return new BridgeError('BRIDGE_LOOPS', `bridge "${name}" would loop: ${why}`);
}
