import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBroker } from 'carillon';
import { connectAsync, type MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { aclAuth } from '../src/index.ts';
import { hasMosquitto, RealMosquitto } from './real-mosquitto.ts';

const acl = `
# before the first user: those without a name
topic read open/#
topic deny open/secret
topic write inbox/anonymous
topic   readwrite   spaced out/#

user root
topic readwrite #
topic readwrite $SYS/#
topic readwrite $other/#

user alice
topic alice/#
topic deny alice/locked/#
topic read news/+
topic write orders
topic deny pattern/alice/no
topic read $SYS/broker/version
topic allowed/by/user

user bob
topic read #
topic deny secret/#

user alice
topic write later/block

pattern readwrite pattern/%u/#
pattern read clients/%c/in
pattern write clients/%c/out/%u
pattern deny pattern/+/never
pattern deny allowed/by/user
pattern read public/#
`;

/** Everybody who is tried, and every topic everybody tries to publish to and to read. */
const people = [
  { clientId: 'a1', username: 'alice' },
  { clientId: 'b1', username: 'bob' },
  { clientId: 'nobody', username: undefined },
  { clientId: 'stranger', username: 'carol' },
  { clientId: 'plus+', username: 'dave' },
  { clientId: 'e1', username: 'eve+' },
  { clientId: 'f1', username: '#' },
] as const;

const topics = [
  'open',
  'open/door',
  'open/secret',
  'inbox/anonymous',
  'spaced out/x',
  'alice',
  'alice/x/y',
  'alice/locked',
  'alice/locked/x',
  'news/today',
  'news/today/late',
  'orders',
  'later/block',
  'secret/x',
  'anything',
  'pattern/alice/x',
  'pattern/alice/no',
  'pattern/alice/never',
  'pattern/bob/x',
  'pattern/carol/never',
  'pattern/eve/x',
  'pattern/x/x',
  'clients/a1/in',
  'clients/a1/out/alice',
  'clients/nobody/in',
  'clients/nobody/out/',
  'clients/stranger/in',
  'allowed/by/user',
  'public/x',
  '$SYS/broker/version',
  '$other/x',
];

/** What a broker says: for everybody and each topic, whether it may be published and is received. */
async function verdictsOf(port: number): Promise<Map<string, string>> {
  const verdicts = new Map<string, string>();
  const root = await person(port, { clientId: 'root', username: 'root' });
  for (const somebody of people) {
    const client = await person(port, somebody);
    const received = new Set<string>();
    client.on('message', (topic, payload) => {
      if (payload.toString() === 'probe') received.add(topic);
    });
    for (const topic of topics) {
      const subscription = await subscribe(client, topic);
      const write = await publish(client, topic, 'written');
      if (!topic.startsWith('$SYS')) await publish(root, topic, 'probe');
      // Its acknowledgement comes behind whatever was on the way.
      await publish(client, 'no/such/rule', 'barrier');
      const read = received.has(topic) ? 'reads' : '-';
      verdicts.set(`${somebody.username}/${somebody.clientId} ${topic}`, `${subscription} ${write} ${read}`);
    }
    await client.endAsync();
  }
  await root.endAsync();
  return verdicts;
}

function person(
  port: number,
  { clientId, username }: { clientId: string; username: string | undefined },
): Promise<MqttClient> {
  return connectAsync({
    port,
    host: '127.0.0.1',
    protocolVersion: 5,
    clientId,
    reconnectPeriod: 0,
    ...(username === undefined ? {} : { username }),
  });
}

async function subscribe(client: MqttClient, topic: string): Promise<string> {
  try {
    await client.subscribeAsync(topic, { qos: 1 });
    return 'subscribes';
  } catch {
    return '-';
  }
}

async function publish(client: MqttClient, topic: string, payload: string): Promise<string> {
  try {
    await client.publishAsync(topic, payload, { qos: 1 });
    return 'writes';
  } catch {
    return '-';
  }
}

describe.skipIf(!hasMosquitto)('an ACL file of Mosquitto', () => {
  test('gives the verdicts that Mosquitto itself gives', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'carillon-acl-'));
    const file = join(folder, 'acl');
    writeFileSync(file, acl);
    const broker = createBroker();
    broker.use(aclAuth({ mosquittoFile: file }));
    const listening = await broker.listen({ port: 0, host: '127.0.0.1' });
    try {
      await using mosquitto = await RealMosquitto.start(acl);
      const [theirs, ours] = [await verdictsOf(mosquitto.port), await verdictsOf(listening.address.port)];
      expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
      expect(new Set(theirs.values()).size).toBeGreaterThan(3);
    } finally {
      await broker.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
