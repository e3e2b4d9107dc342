import { Authority } from '@carillon/test-certificates';
import { type CarillonBroker, createBroker } from 'carillon';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arrivals, Here } from './bridged-broker.ts';
import { host } from './broker.ts';
import { freePort } from './mosquitto-broker.ts';

const quiet = { systemTopicInterval: 0 };

/** A remote broker on a port that others know before it is there. */
async function openAt(port: number): Promise<CarillonBroker> {
  const broker = createBroker(quiet);
  await broker.listen({ host, port });
  return broker;
}

function arrivalsAt(broker: CarillonBroker, filter: string): Arrivals {
  const arrivals = new Arrivals();
  broker.subscribe(filter, (message) => arrivals.take(message.topic, message.text()));
  return arrivals;
}

describe('The line of a bridge', () => {
  it('goes to the next address when the main one fails, and back when it is there again', async () => {
    const [main, spare] = [await freePort(), await freePort()];
    const atSpare = await openAt(spare);
    const addresses = [`mqtt://${host}:${main}`, `mqtt://${host}:${spare}`];
    await using here = new Here({ addresses, topics: ['up/# out 1'], failBack: 1 });
    await here.until('connected');
    expect(here.state).toMatchObject({ address: addresses[1], lastError: { code: 'BRIDGE_UNREACHABLE' } });
    const heardAtSpare = arrivalsAt(atSpare, 'up/#');
    await here.broker.publish('up/1', 'to the spare one', { qos: 1 });
    await heardAtSpare.until('up/1', 'to the spare one');

    const atMain = await openAt(main);
    await here.until('connected', 2);
    expect(here.state.address).toBe(addresses[0]);
    const heardAtMain = arrivalsAt(atMain, 'up/#');
    await here.broker.publish('up/1', 'to the main one', { qos: 1 });
    await heardAtMain.until('up/1', 'to the main one');

    await atMain.close({ within: 500 });
    await here.until('connected', 3);
    expect(here.state.address).toBe(addresses[1]);
    await here.broker.publish('up/1', 'to the spare one again', { qos: 1 });
    await heardAtSpare.until('up/1', 'to the spare one again');
    await atSpare.close({ within: 500 });
  });

  it('asks for credentials at each attempt: a token that has run out is replaced', async () => {
    let valid = 1;
    const far = createBroker(quiet);
    far.use({
      name: 'tokens',
      hooks: {
        authenticate: ({ password }) => new TextDecoder().decode(password) === `token ${valid}`,
        authorizePublish: () => true,
      },
    });
    const { address } = await far.listen({ host, port: 0 });
    const asked: number[] = [];
    await using here = new Here({
      addresses: `mqtt://${host}:${address.port}`,
      topics: ['up/# out 1'],
      credentials: async () => {
        asked.push(valid);
        return { username: 'plant', password: `token ${valid}` };
      },
    });
    await here.until('connected');
    valid = 2;
    const heard = arrivalsAt(far, 'up/#');
    far.client(here.bridgeClientId)?.disconnect();
    await here.until('connected', 2);
    await here.broker.publish('up/1', 'with the second token', { qos: 1 });
    await heard.until('up/1', 'with the second token');
    expect(asked).toEqual([1, 2]);
    await far.close({ within: 500 });
  });

  it('names a token that is not valid any more as such', async () => {
    const far = createBroker(quiet);
    far.use({ name: 'nobody', hooks: { authenticate: () => false } });
    const { address } = await far.listen({ host, port: 0 });
    const credentials = { username: 'plant', password: 'old-token' };
    const addresses = `mqtt://${host}:${address.port}`;
    await using here = new Here({ addresses, topics: ['#'], credentials });
    await here.until('BRIDGE_CREDENTIALS_REFUSED');
    expect(here.state.lastError?.message).not.toContain('old-token');
    await far.close({ within: 500 });
  });

  it('is made when there is something to send, if it is lazy, and left afterwards', async () => {
    const port = await freePort();
    const far = await openAt(port);
    const addresses = `mqtt://${host}:${port}`;
    await using here = new Here({ addresses, topics: ['up/# out 1'], start: 'lazy', idleTimeout: 1 });
    await here.ready();
    const heard = arrivalsAt(far, 'up/#');
    expect(here.changes).toEqual([]);
    await here.broker.publish('up/1', 'first', { qos: 1 });
    await heard.until('up/1', 'first');
    await here.until('BRIDGE_CONNECTION_LOST');
    expect(here.state).toMatchObject({ connected: 0, counters: { waiting: 0 } });
    await here.broker.publish('up/1', 'second', { qos: 1 });
    await heard.until('up/1', 'second');
    await far.close({ within: 500 });
  });

  it('takes no more bytes in a second than it may', async () => {
    const port = await freePort();
    const far = await openAt(port);
    const heard = arrivalsAt(far, 'up/#');
    await using here = new Here({
      addresses: `mqtt://${host}:${port}`,
      topics: ['up/# out 1', 'down/# in 1'],
      maximumBytesPerSecond: 20_000,
    });
    const heardHere = arrivalsAt(here.broker, 'down/#');
    await here.until('connected');
    const began = performance.now();
    for (let i = 0; i < 10; i++) {
      await here.broker.publish('up/1', `${i}`.padEnd(2000), { qos: 1 });
      await far.publish('down/1', `${i}`.padEnd(2000), { qos: 1 });
    }
    await heard.until('up/1', '9'.padEnd(2000));
    await heardHere.until('down/1', '9'.padEnd(2000));
    // 40,000 bytes; the last message of each direction is paid for after it went.
    expect(performance.now() - began).toBeGreaterThan(1700);
    await far.close({ within: 500 });
  });
});

describe('A bridge by WebSocket over TLS', () => {
  let authority: Authority;
  let far: CarillonBroker;
  let port: number;

  beforeAll(async () => {
    authority = await Authority.create();
    far = createBroker(quiet);
    const tls = { ...(await authority.server(host)), ca: authority.cert, requestCert: true };
    port = (await far.listen({ host, port: 0, tls, websocket: { path: '/mqtt' } })).address.port;
  });

  afterAll(() => far.close({ within: 500 }));

  it.each([4, 5] as const)(
    'shows its certificate and carries both ways, in version %d',
    async (protocolVersion) => {
      const root = `wss${protocolVersion}`;
      const identity = await authority.client('plant-7');
      await using here = new Here({
        addresses: `wss://${host}:${port}/mqtt`,
        topics: [`${root}/# both 2`],
        tls: { ca: authority.cert, ...identity },
        protocolVersion,
      });
      const [atHere, atFar] = [arrivalsAt(here.broker, `${root}/in`), arrivalsAt(far, `${root}/out`)];
      await here.until('connected');
      await here.broker.publish(`${root}/out`, 'x'.repeat(100_000), { qos: 2 });
      await atFar.until(`${root}/out`, 'x'.repeat(100_000));
      await far.publish(`${root}/in`, 'y', { qos: 2 });
      await atHere.until(`${root}/in`, 'y');
      const certificate = far.client(here.bridgeClientId)?.remote.certificate;
      expect(certificate?.subject).toEqual({ CN: 'plant-7' });
      expect(here.state).toMatchObject({ address: `wss://${host}:${port}/mqtt`, protocolVersion });
    },
  );

  it.each([
    ['a certificate that it does not trust', {}],
    ['no certificate of its own', { isTrusting: true }],
  ])('names TLS when it has %s', async (_, { isTrusting = false }: { isTrusting?: boolean }) => {
    const tls = isTrusting ? { ca: authority.cert } : {};
    await using here = new Here({ addresses: `wss://${host}:${port}/mqtt`, topics: ['#'], tls });
    await here.until('BRIDGE_TLS_FAILED');
  });

  it('names the answer of a web server that knows no such path', async () => {
    const tls = { ca: authority.cert, ...(await authority.client('plant-7')) };
    await using here = new Here({ addresses: `wss://${host}:${port}/other`, topics: ['#'], tls });
    await here.until('BRIDGE_REFUSED');
    expect(here.state.lastError?.message).toContain('HTTP 4');
  });
});
