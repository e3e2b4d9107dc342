// Carillon in a process of its own, which loads no plugin that its scenario does not use: the heap is that of a broker,
// and so is the time that collecting its garbage takes.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AclRule } from '@carillon/auth-acl';
import { type BrokerOptions, createBroker } from 'carillon';
import { type BrokerSetup, readSetup, report, tlsOf } from './setup.ts';

const setup = readSetup();
const broker = createBroker({
  systemTopicInterval: 0,
  ...(setup.store !== undefined && { durability: setup.store.durability }),
  ...(setup.defaultLimits === true ? {} : { limits: liftedLimits() }),
});
if (setup.store !== undefined) {
  const { levelPersistence } = await import('@carillon/persistence-level');
  broker.use(levelPersistence({ location: setup.store.folder }));
}
if (setup.authorize !== undefined) authorizeEverything(setup.authorize);
if (setup.rules !== undefined) {
  const { aclAuth } = await import('@carillon/auth-acl');
  broker.use(aclAuth({ rules: accessRules(setup.rules) }));
}
if (setup.bridge !== undefined) broker.use(await bridgeTo(setup.bridge));

const tls = tlsOf(setup);
const { address } = await broker.listen({
  host: '127.0.0.1',
  port: 0,
  websocket: setup.over === 'websocket',
  ...(tls !== undefined && { tls }),
});
report(address.port);

/** No load is to meet a limit: what is lost at one would only look fast. The peers are told the same. */
function liftedLimits(): NonNullable<BrokerOptions['limits']> {
  return {
    maximumConnectionsPerAddress: 100_000,
    maximumPacketSize: 16 * 1024 * 1024,
    maximumQueuedMessages: 10_000_000,
    maximumQueuedBytes: 4 * 1024 ** 3,
    maximumOutputBytes: 256 * 1024 * 1024,
    maximumSubscriptions: 2_000_000,
    maximumInflight: 1000,
  };
}

async function bridgeTo({ port, qos }: NonNullable<BrokerSetup['bridge']>) {
  const { mqttBridge } = await import('@carillon/bridge-mqtt');
  const topics = [{ filter: 'bench/#', direction: 'out', qos }] as const;
  const addresses = `mqtt://127.0.0.1:${port}`;
  return mqttBridge({
    bridges: [{ name: 'bench', addresses, topics, protocolVersion: 5, maximumInflight: 1000 }],
    systemTopicInterval: 0,
  });
}

function authorizeEverything(answer: NonNullable<BrokerSetup['authorize']>): void {
  const answers = { plain: () => true, promise: async () => true, 'next turn': () => nextTurn(true) };
  const authorizePublish = answers[answer];
  broker.use({ name: 'allow', hooks: { authorizePublish } });
}

/** Rules of a site with many parts; only the last one speaks of the topics of the load. */
function accessRules(count: number): AclRule[] {
  const actions = ['publish', 'subscribe'] as const;
  const parts = Array.from({ length: count - 1 }, (_, part): AclRule => {
    return { effect: 'deny', actions, topic: `site/part${part}/+/private`, who: { group: `team${part}` } };
  });
  return [...parts, { effect: 'allow', actions, topic: '#' }];
}
