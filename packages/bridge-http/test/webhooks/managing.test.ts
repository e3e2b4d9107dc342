import { describe, expect, it } from 'vitest';
import { webhooks } from '../../src/index.ts';
import { Receiver } from './receiver.ts';
import { secret, WebhookWorld } from './webhook-world.ts';

const text = (payload: Uint8Array | undefined) => payload && new TextDecoder().decode(payload);

describe('Webhooks of a running broker', () => {
  it('are added, listed, changed and removed', async () => {
    const [one, other] = [await Receiver.start(), await Receiver.start()];
    const world = new WebhookWorld([]);
    await world.start();
    await world.atRest(world.webhooks.add({ id: 'a', url: one.url, filters: 'in/#' }));
    expect(world.webhooks.list()).toMatchObject([
      {
        id: 'a',
        condition: 'ready',
        address: new URL(one.url).origin,
        counters: { delivered: 0, waiting: 0 },
      },
    ]);
    await world.publish('in/1', 'x');
    await world.untilDone();

    await world.atRest(world.webhooks.change({ id: 'a', url: other.url, filters: ['also/#'] }));
    await world.laboratory.settle();
    expect(world.broker.subscriptions('webhook:a')).toMatchObject([{ filter: 'also/#', qos: 1 }]);
    await world.publish('in/1', 'not any more');
    await world.publish('also/1', 'y');
    await world.untilDone();
    expect([one.texts, other.texts]).toEqual([['x'], ['y']]);

    await world.atRest(world.webhooks.remove('a'));
    expect(world.webhooks.list()).toEqual([]);
    expect(world.broker.session('webhook:a')).toBeUndefined();
    await world.publish('also/1', 'z');
    await world.laboratory.advance(100_000);
    expect(world.laboratory.clock.pending).toBe(0);
  });

  it('are not confused by an id that is taken or not known', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver);
    const options = { id: 'shop', url: receiver.url, filters: '#' };
    await expect(world.webhooks.add(options)).rejects.toMatchObject({ code: 'WEBHOOK_ID_TAKEN' });
    await expect(world.webhooks.remove('b')).rejects.toThrow('there is no webhook "b"; there are: shop');
    await expect(world.webhooks.change({ ...options, id: 'b' })).rejects.toMatchObject({
      code: 'WEBHOOK_UNKNOWN',
    });
    const looping = { ...options, deadLetterTopic: 'dead' };
    await expect(world.webhooks.change(looping)).rejects.toMatchObject({ code: 'WEBHOOK_LOOPS' });
    await expect(world.webhooks.change({ ...options, url: 'ftp://a' })).rejects.toMatchObject({
      code: 'WEBHOOK_OPTION_INVALID',
    });
    await world.publish('in/1', 'still');
    await world.untilDone();
    expect(receiver.texts).toEqual(['still']);
  });

  it('keep what waits when they are changed', async () => {
    const [down, up] = [await Receiver.start(() => 503), await Receiver.start()];
    const world = await WebhookWorld.with(down);
    await world.publish('in/1', 'a', 'b', 'c');
    await world.until(() => world.state.condition === 'waiting');
    await world.atRest(world.webhooks.change({ id: 'shop', url: up.url, filters: 'in/#' }));
    await world.untilDone();
    expect(up.texts).toEqual(['a', 'b', 'c']);
    expect(up.first.headers['webhook-id']).toBe(down.first.headers['webhook-id']);
  });

  it('are removed in the middle of a request, and leave nothing behind', async () => {
    const receiver = await Receiver.start(() => new Promise(() => {}));
    const world = await WebhookWorld.with(receiver, { concurrency: 3 });
    for (const topic of ['a', 'b', 'c', 'd']) await world.publish(`in/${topic}`, 'x');
    await world.until(() => receiver.received.length === 3);
    await world.atRest(world.webhooks.remove('shop'));
    expect(world.broker.session('webhook:shop')).toBeUndefined();
    expect(world.dropped.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 4 }, () => 'session-ended'),
    );
    await world.laboratory.advance(100_000);
    expect(world.laboratory.clock.pending).toBe(0);
    expect(receiver.received).toHaveLength(3);
  });

  it('leave at once when the broker closes, and what was under way waits', async () => {
    const receiver = await Receiver.start(() => new Promise(() => {}));
    const world = await WebhookWorld.with(receiver);
    await world.publish('in/1', 'x');
    await world.until(() => receiver.received.length === 1);
    await world.atRest(world.broker.close());
    expect(world.webhooks.list()).toEqual([]);
    expect(world.laboratory.clock.pending).toBe(0);
  });

  it('leave when their plugin does', async () => {
    const receiver = await Receiver.start();
    const world = new WebhookWorld([]);
    const another = webhooks({ hooks: [{ id: 'other', url: receiver.url, filters: 'in/#' }] });
    const registration = world.broker.use({
      ...another,
      name: 'others',
      setup: another.setup.bind(another),
      close: () => another.close(),
    });
    await world.start();
    expect(another.list()).toMatchObject([{ condition: 'ready' }]);
    await world.atRest(registration.dispose());
    expect(another.list()).toEqual([]);
    expect(world.broker.session('webhook:other')).toMatchObject({ connected: false });
  });

  it('can only be added to a plugin that is registered', async () => {
    const adding = webhooks().add({ id: 'a', url: 'https://a.example', filters: '#' });
    await expect(adding).rejects.toThrow('broker.use first');
  });

  it('may be there before the broker runs, and do not start it', async () => {
    const receiver = await Receiver.start();
    const world = new WebhookWorld([{ id: 'shop', url: receiver.url, filters: 'in/#' }]);
    await world.laboratory.settle();
    expect(world.state.condition).toBe('starting');
    await world.atRest(world.webhooks.remove('shop'));
    expect(world.webhooks.list()).toEqual([]);
    await world.start();
    expect(world.broker.session('webhook:shop')).toBeUndefined();
  });

  it('come back when somebody ends their session', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver);
    world.broker.endSession('webhook:shop');
    await world.laboratory.settle();
    expect(world.state).toMatchObject({ condition: 'waiting', lastError: { code: 'WEBHOOK_LOCAL_REFUSED' } });
    await world.laboratory.advance(1000);
    await world.publish('in/1', 'x');
    await world.untilDone();
    expect(world.state.condition).toBe('ready');
  });

  it('say so when the broker does not grant what they subscribe to', async () => {
    const receiver = await Receiver.start();
    const filters = ['in/1', 'in/2'];
    const few = await WebhookWorld.with(receiver, { filters }, { limits: { maximumSubscriptions: 1 } });
    expect(few.state.lastError).toMatchObject({
      code: 'WEBHOOK_LOCAL_REFUSED',
      message: 'this broker does not grant the subscription "in/2": Quota exceeded',
    });
    const plain = await WebhookWorld.with(receiver, {}, { wildcardSubscriptionAvailable: false });
    expect(plain.state.lastError).toMatchObject({
      code: 'WEBHOOK_LOCAL_REFUSED',
      message: 'this broker has ended the session: Wildcard Subscriptions not supported',
    });
  });
});

describe('The state of a webhook', () => {
  it('is told below $SYS, what has changed every so many seconds, and taken back at the end', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, {}, { systemTopicInterval: 10 });
    const told = (name: string) => text(world.broker.retained(`$SYS/broker/webhook/shop/${name}`)?.payload);
    expect([told('state'), told('delivered'), told('status')]).toEqual(['starting', '0', 'none']);
    await world.publish('in/1', 'hello');
    await world.untilDone();
    await world.laboratory.advance(10_000);
    expect([told('state'), told('delivered'), told('bytes'), told('status'), told('waiting')]).toEqual([
      'ready',
      '1',
      '5',
      '204',
      '0',
    ]);
    await world.atRest(world.webhooks.remove('shop'));
    await world.laboratory.settle();
    expect(told('state')).toBeUndefined();
  });

  it('is told to hooks, and to the log once', async () => {
    const receiver = await Receiver.start(() => 503);
    const world = await WebhookWorld.with(receiver);
    await world.publish('in/1', 'x');
    await world.until(() => world.told.length === 1);
    await world.laboratory.advance(1000);
    await world.until(() => world.told.length === 2);
    receiver.answer = () => 204;
    await world.laboratory.advance(2000);
    await world.untilDone();
    await world.atRest(world.broker.close());
    const { origin } = new URL(receiver.url);
    const failed = {
      bridge: 'webhook:shop',
      change: 'failed',
      address: origin,
      reason: `${origin} answered 503`,
      code: 'WEBHOOK_REFUSED',
    };
    expect(world.told).toEqual([
      failed,
      failed,
      { ...failed, change: 'connected', reason: '', code: '' },
      { ...failed, change: 'disconnected', reason: 'the broker closes', code: '' },
    ]);
    expect(world.laboratory.logger.messages('warn')).toEqual([
      `the webhook cannot deliver: ${origin} answered 503`,
    ]);
  });

  it('shows neither path nor secret of a webhook', async () => {
    const receiver = await Receiver.start(() => 400);
    const { port } = receiver;
    const url = `http://127.0.0.1:${port}/services/T000/hidden-path?token=hidden-token`;
    const headers = { authorization: 'hidden-authorization' };
    const world = await WebhookWorld.with(url, { secret, headers, deadLetterTopic: 'dead' });
    await world.publish('in/1', 'x');
    await world.untilDone();
    receiver.stop();
    await world.publish('in/1', 'y');
    await world.until(() => world.state.condition === 'waiting');
    const said = JSON.stringify([world.state, world.told, world.laboratory.logger.records]);
    expect(said).not.toMatch(/hidden|whsec|services/);
    expect(receiver.first.path).toContain('hidden-token');
  });
});

describe('A session that a webhook has left behind', () => {
  it('is told, is kept from clients, and is removed or taken up again', async () => {
    const receiver = await Receiver.start();
    const world = new WebhookWorld([]);
    await world.broker.start();
    for (const id of ['old', 'older']) {
      const client = await world.laboratory.connect(world.broker, {
        clientId: `webhook:${id}`,
        cleanStart: false,
        properties: { sessionExpiryInterval: 0xffff_ffff },
      });
      await client.subscribe('in/#', { qos: 1 });
      await client.disconnect();
    }
    await world.publish('in/1', 'x');
    const late = webhooks({ hooks: [{ id: 'shop', url: receiver.url, filters: 'other' }] });
    world.broker.use({ ...late, name: 'late', setup: late.setup.bind(late), close: () => late.close() });
    await world.laboratory.settle();
    const warnings = world.laboratory.logger.records.filter(({ level }) => level === 'warn');
    expect(warnings).toMatchObject([
      { level: 'warn', details: { webhook: 'old', waiting: 1 } },
      { level: 'warn', details: { webhook: 'older', waiting: 1 } },
    ]);
    const thief = world.laboratory.connect(world.broker, { clientId: 'webhook:old', cleanStart: false });
    await expect(thief).rejects.toThrow('0x85');
    await world.atRest(late.remove('old'));
    expect(world.broker.session('webhook:old')).toBeUndefined();
    void late.add({ id: 'older', url: receiver.url, filters: 'in/#' });
    await world.until(() => receiver.received.length === 1);
    expect(receiver.texts).toEqual(['x']);
    await expect(late.remove('old')).rejects.toMatchObject({ code: 'WEBHOOK_UNKNOWN' });
  });
});
