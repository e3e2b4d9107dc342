// What a verdict costs, by the number of rules: found anew, and remembered.
//
//   pnpm exec tsc -b packages/auth-acl && node packages/auth-acl/bench/verdicts.mjs
import { aclAuth } from '@carillon/auth-acl';

const client = { id: 'd5', identity: 'u5', groups: ['g5'], mountPoint: '', remote: { transport: 'tcp' } };

/** Processor time, the best of five rounds: what else the machine does must not count. */
function nanosecondsPerRun(run, rounds) {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5; attempt++) {
    const start = process.cpuUsage();
    for (let round = 0; round < rounds; round++) run(round);
    best = Math.min(best, (process.cpuUsage(start).user * 1000) / rounds);
  }
  return Math.round(best);
}

const allow = (topic, who) => ({ effect: 'allow', actions: ['publish', 'subscribe'], topic, who });

const kinds = {
  'a topic each': (index) => allow(`devices/${index}/state`, {}),
  'a wildcard each': (index) => allow(`devices/${index}/#`, {}),
  'a user each, one topic': (index) => allow('devices/+/state', { user: `u${index}` }),
  'a group each, placeholders': (index) => allow('devices/%c/#', { group: `g${index}` }),
};

const publish = (topic) => ({ message: { topic, qos: 0, retain: false }, client, publisher: client });

for (const [kind, ruleOf] of Object.entries(kinds)) {
  for (const count of [10, 100, 1000, 10_000]) {
    const rules = Array.from({ length: count }, (_, index) => ruleOf(index));
    const { hooks } = aclAuth({ rules, cachedTopics: 1 });
    const hit = publish('devices/5/state');
    const misses = ['devices/5/state', 'devices/6/state'].map(publish);
    const anew = nanosecondsPerRun((round) => hooks.authorizePublish(misses[round % 2]), 20_000);
    const remembered = nanosecondsPerRun(() => hooks.authorizePublish(hit), 1_000_000);
    const subscription = { filter: 'devices/5/+' };
    const subscribe = nanosecondsPerRun(() => hooks.authorizeSubscribe({ client, subscription }), 2_000);
    console.log(
      kind.padEnd(28),
      String(count).padStart(6),
      `anew ${anew} ns, remembered ${remembered} ns, a subscription ${subscribe} ns`,
    );
  }
}
