import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../src/webhooks/address-guard.ts';
import { type Authority, createAuthority } from './authority.ts';
import { Receiver } from './receiver.ts';
import { WebhookWorld } from './webhook-world.ts';

async function strictReceiver(authority: Authority): Promise<Receiver> {
  return Receiver.start(() => 204, {
    ...(await authority.issue('localhost')),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
}

/** What becomes of a message that is sent with these options. */
async function trial(receiver: Receiver, options: Parameters<typeof WebhookWorld.with>[1]) {
  const world = await WebhookWorld.with(receiver, options);
  await world.publish('in/1', 'x');
  await world.until(() => world.state.condition === 'waiting' || world.state.counters.delivered === 1);
  return world.state;
}

describe('Over TLS', () => {
  it('a receiver is known by an authority of its own, and knows the broker by its certificate', async () => {
    const authority = await createAuthority();
    const receiver = await strictReceiver(authority);
    const tls = { ca: authority.cert, ...(await authority.issue('broker')) };
    expect(await trial(receiver, { tls })).toMatchObject({ counters: { delivered: 1 } });
  });

  it('a receiver that nobody vouches for gets nothing', async () => {
    const receiver = await strictReceiver(await createAuthority());
    const other = await createAuthority();
    for (const tls of [{}, { ca: other.cert }]) {
      expect(await trial(receiver, { tls })).toMatchObject({ lastError: { code: 'WEBHOOK_TLS_FAILED' } });
    }
    expect(receiver.received).toEqual([]);
  });

  it('a receiver with the name of another gets nothing, unless that name is expected', async () => {
    const authority = await createAuthority();
    const receiver = await Receiver.start(() => 204, await authority.issue('elsewhere.example.com'));
    const tls = { ca: authority.cert };
    expect(await trial(receiver, { tls })).toMatchObject({ lastError: { code: 'WEBHOOK_TLS_FAILED' } });
    const expecting = { ...tls, serverName: 'elsewhere.example.com' };
    expect(await trial(receiver, { tls: expecting })).toMatchObject({ counters: { delivered: 1 } });
  });
});

describe('Addresses', () => {
  it('that are not allowed get nothing, whether the URL has them or a name stands for them', async () => {
    const receiver = await Receiver.start();
    for (const host of ['127.0.0.1', 'localhost']) {
      for (const allow of ['public', () => false] as const) {
        const world = await WebhookWorld.with(`http://${host}:${receiver.port}/hook`, { allow });
        await world.publish('in/1', 'x');
        await world.until(() => world.state.condition === 'waiting');
        expect(world.state.lastError).toMatchObject({
          code: 'WEBHOOK_ADDRESS_REFUSED',
          message: `"allow" lets no address of ${host} through`,
        });
      }
    }
    expect(receiver.received).toEqual([]);
  });

  it('are asked about one by one', async () => {
    const receiver = await Receiver.start();
    const asked: string[] = [];
    const allow = (address: string): boolean => asked.push(address) > 0 && address === '127.0.0.1';
    const world = await WebhookWorld.with(`http://localhost:${receiver.port}/hook`, { allow });
    await world.publish('in/1', 'x');
    await world.untilDone();
    expect(asked).toContain('127.0.0.1');
    expect(receiver.texts).toEqual(['x']);
  });

  it.each([
    ['93.184.216.34', true],
    ['2606:2800:220:1::1', true],
    ['::ffff:93.184.216.34', true],
    ['10.1.2.3', false],
    ['172.31.0.1', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['::ffff:10.0.0.1', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['ff02::1', false],
    ['2001:db8::1', false],
    ['2002:7f00:1::', false],
    ['64:ff9b::a00:1', false],
    ['not an address', false],
  ])('%s is public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });
});
