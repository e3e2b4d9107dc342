import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { verifyWebhook } from '../../src/index.ts';
import { Receiver } from './receiver.ts';
import { secret, WebhookWorld } from './webhook-world.ts';

const numbers = Array.from({ length: 50 }, (_, i) => String(i));

describe('A webhook', () => {
  it('posts the messages of its filters, in order, one at a time, over one connection', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { filters: ['in/#', 'also/+'] });
    await world.publish('out/1', 'not this one');
    await world.publish('in/a', ...numbers.slice(0, 25));
    await world.publish('also/b', ...numbers.slice(25));
    await world.untilDone();
    expect(receiver.texts).toEqual(numbers);
    expect(receiver.mostUnderWay).toBe(1);
    expect(new Set(receiver.received.map(({ connection }) => connection))).toEqual(new Set([1]));
    expect(world.state).toMatchObject({
      condition: 'ready',
      lastStatus: 204,
      lastError: undefined,
      lastDeliveredAt: world.laboratory.clock.now(),
      counters: { delivered: 50, retried: 0, waiting: 0, lag: 0 },
    });
  });

  it('keeps order within each topic when several requests are under way', async () => {
    let open: (status: number) => void = () => {};
    const promise = new Promise<number>((resolve) => {
      open = resolve;
    });
    const receiver = await Receiver.start(() => promise);
    const world = await WebhookWorld.with(receiver, { concurrency: 4 });
    for (const number of numbers) {
      for (const topic of ['a', 'b', 'c']) await world.publish(`in/${topic}`, number);
    }
    await world.until(() => receiver.underWay === 3);
    open(200);
    await world.untilDone();
    expect(receiver.mostUnderWay).toBe(3);
    for (const topic of ['a', 'b', 'c']) {
      const own = receiver.received.filter(({ headers }) => headers['mqtt-topic'] === `in/${topic}`);
      expect(own.map(({ text }) => text)).toEqual(numbers);
    }
  });

  it('is not held up by a topic whose messages the receiver does not take', async () => {
    const receiver = await Receiver.start(({ headers }) => (headers['mqtt-topic'] === 'in/bad' ? 503 : 204));
    const world = await WebhookWorld.with(receiver, { concurrency: 2 });
    await world.publish('in/bad', 'x', 'y');
    await world.publish('in/good', ...numbers);
    await world.until(() => world.state.counters.delivered === 50);
    expect(world.state.counters).toMatchObject({ waiting: 2 });
  });

  it('says in headers what the payload does not', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver);
    await world.send('in/7', '{"a":1}', {
      qos: 2,
      retain: true,
      properties: {
        contentType: 'application/json; charset=utf-8',
        responseTopic: 'answers/7',
        correlationData: Buffer.from([0, 255, 1]),
        userProperties: [
          ['unit', 'C'],
          ['unit', 'F, or K'],
        ],
      },
    });
    await world.untilDone();
    const { headers, path } = receiver.first;
    expect(path).toBe('/hook');
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': '7',
      'mqtt-topic': 'in/7',
      'mqtt-qos': '1',
      'mqtt-retain': 'true',
      'mqtt-received-at': '2027-01-15T08:00:00.000Z',
      'mqtt-response-topic': 'answers/7',
      'mqtt-correlation-data': 'AP8B',
      'mqtt-user-property': 'unit=C, unit=F%2C%20or%20K',
      'webhook-id': expect.stringMatching(/^msg_[\w-]{24}$/),
      'webhook-timestamp': '1800000000',
      'webhook-attempt': '1',
    });
    expect(headers).not.toHaveProperty('webhook-signature');
  });

  it('says how long a message is worth something, at each attempt', async () => {
    let status = 503;
    const receiver = await Receiver.start(() => status);
    const world = await WebhookWorld.with(receiver, { backOff: { minimum: 10_000 } });
    const properties = { messageExpiryInterval: 60, payloadFormatIndicator: 1 } as const;
    await world.send('in/1', 'x', { qos: 1, properties });
    await world.until(() => world.state.condition === 'waiting');
    status = 204;
    await world.laboratory.advance(10_000);
    await world.untilDone();
    const [first, second] = receiver.received.map(({ headers }) => Number(headers['mqtt-expiry']));
    expect(first).toBe(60);
    expect(second).toBeGreaterThanOrEqual(50);
    expect(second).toBeLessThanOrEqual(55);
    expect(receiver.first.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it('calls a payload without a usable Content Type application/octet-stream', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver);
    for (const contentType of [undefined, 'unknown', 'text/plain\r\nx-evil: 1', 'text/plain; é=1']) {
      const properties = contentType === undefined ? {} : { contentType };
      await world.send('in/1', Buffer.from([0, 255]), { qos: 1, properties });
    }
    await world.untilDone();
    expect(receiver.received.map(({ headers }) => headers['content-type'])).toEqual(
      Array.from({ length: 4 }, () => 'application/octet-stream'),
    );
    expect(receiver.first.body).toEqual(Buffer.from([0, 255]));
    expect(receiver.received[1]?.headers['mqtt-content-type']).toBe('unknown');
    expect(receiver.received[2]?.headers['mqtt-content-type']).toBe('text/plain%0D%0Ax-evil:%201');
  });

  it('lets no text of a message end a header or begin another', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver);
    const evil = 'a\r\nx-evil: 1\r\n\r\nGET / HTTP/1.1';
    const properties = {
      responseTopic: 'répondre/€ 100%/x',
      userProperties: [
        [evil, evil],
        ['', ''],
        ['日本', '"=,;'],
      ] as const,
    };
    await world.send('in/Grüße aus % Köln ', '', { qos: 1, properties });
    await world.untilDone();
    expect(receiver.received).toHaveLength(1);
    const { headers } = receiver.first;
    expect(headers).not.toHaveProperty('x-evil');
    expect(decodeURIComponent(headers['mqtt-topic'] ?? '')).toBe('in/Grüße aus % Köln ');
    expect(decodeURIComponent(headers['mqtt-response-topic'] ?? '')).toBe(properties.responseTopic);
    const pairs = (headers['mqtt-user-property'] ?? '')
      .split(', ')
      .map((pair) => pair.split('=').map(decodeURIComponent));
    expect(pairs).toEqual(properties.userProperties);
  });

  it('puts everything into a JSON body where it is to', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { form: 'json' });
    await world.send('in/ö', 'grün', {
      qos: 1,
      properties: {
        contentType: 'text/plain',
        correlationData: Buffer.from('c'),
        userProperties: [['a', 'b']],
      },
    });
    await world.send('in/1', Buffer.from([0xff]), { qos: 0 });
    await world.untilDone();
    const [first, second] = receiver.texts.map((text): unknown => JSON.parse(text));
    expect(first).toEqual({
      type: 'mqtt.message',
      timestamp: '2027-01-15T08:00:00.000Z',
      data: {
        topic: 'in/ö',
        qos: 1,
        retain: false,
        payload: 'grün',
        encoding: 'utf-8',
        contentType: 'text/plain',
        correlationData: 'Yw==',
        userProperties: [['a', 'b']],
      },
    });
    expect(second).toMatchObject({ data: { qos: 0, payload: '/w==', encoding: 'base64' } });
    expect(receiver.first.headers['content-type']).toBe('application/json');
    expect(receiver.first.headers).not.toHaveProperty('mqtt-topic');
  });

  it('sends headers of the host, asked for each time where a function gives them', async () => {
    const receiver = await Receiver.start();
    let tokens = 0;
    const headers = () => ({ authorization: `Bearer ${++tokens}`, 'User-Agent': 'Shop' });
    const world = await WebhookWorld.with(receiver, { headers });
    await world.publish('in/1', 'a', 'b');
    await world.untilDone();
    expect(receiver.received.map(({ headers: { authorization } }) => authorization)).toEqual([
      'Bearer 1',
      'Bearer 2',
    ]);
    expect(receiver.first.headers['user-agent']).toBe('Shop');
  });

  it('sends what is retained when its filter is new, where it is to', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { id: 'later', filters: 'in/later' });
    await world.send('in/1', 'old', { retain: true });
    await world.atRest(world.webhooks.add({ id: 'new', url: receiver.url, filters: 'in/1' }));
    const all = { id: 'all', url: `${receiver.url}/all`, filters: 'in/1', retained: true };
    await world.atRest(world.webhooks.add(all));
    await world.until(() => receiver.received.length === 1);
    expect(receiver.received[0]).toMatchObject({ path: '/hook/all', text: 'old' });
    const options = { id: 'all', url: `${receiver.url}/changed`, filters: ['in/1', 'in/2'], retained: true };
    await world.send('in/2', 'two', { retain: true });
    await world.atRest(world.webhooks.change(options));
    await world.until(() => receiver.received.length === 2);
    expect(receiver.received[1]).toMatchObject({ path: '/hook/changed', text: 'two' });
  });

  it('takes what was published at QoS 0 while the receiver has time for it', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { qos: 0 });
    const client = await world.laboratory.connect(world.broker);
    for (const number of numbers) await client.publish('in/1', number, { qos: 1 });
    await world.until(() => world.state.counters.delivered === 50);
    expect(receiver.texts).toEqual(numbers);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(50);
    expect(receiver.first.headers['mqtt-qos']).toBe('0');
  });

  it('leaves QoS 0 to the limits of the broker while the receiver has no time for it', async () => {
    const receiver = await Receiver.start(() => 503);
    const world = await WebhookWorld.with(receiver, {}, { limits: { maximumOutputBytes: 16_384 } });
    const payload = 'x'.repeat(1000);
    for (let i = 0; i < 100; i++) await world.send('in/1', payload);
    await world.until(() => world.state.condition === 'waiting');
    expect(world.state.counters.waiting).toBeLessThan(10);
    expect(world.dropped.length).toBeGreaterThan(50);
    expect(world.dropped[0]).toMatchObject({ reason: 'slow-reader', clientId: 'webhook:shop' });
  });
});

describe('A signature', () => {
  it('is good for the library of Standard Webhooks, and for ours', async () => {
    const receiver = await Receiver.start();
    const world = new WebhookWorld([{ id: 'shop', url: receiver.url, filters: 'in/#', secret }]);
    await world.start();
    await world.publish('in/1', '{"a":"ü"}');
    await world.untilDone();
    const { headers, text, body } = receiver.first;
    const now = world.laboratory.clock.now();
    expect(verifyWebhook(headers, body, secret, { now })).toBe(true);
    expect(verifyWebhook(headers, text, [otherSecret, secret], { now })).toBe(true);
    // The library knows no other time than that of the system.
    const signature = new StandardWebhook(secret).sign(headers['webhook-id'] ?? '', new Date(now), text);
    expect(headers['webhook-signature']).toBe(signature);
  });

  it('is made with each secret while one takes the place of another', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { secret: () => Promise.resolve([secret, otherSecret]) });
    await world.publish('in/1', 'x');
    await world.untilDone();
    const { headers, body } = receiver.first;
    const now = world.laboratory.clock.now();
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    expect(verifyWebhook(headers, body, secret, { now })).toBe(true);
    expect(verifyWebhook(headers, body, otherSecret, { now })).toBe(true);
  });

  it('is not good for another body, id, time or secret, nor too late', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { secret });
    await world.publish('in/1', 'x');
    await world.untilDone();
    const { headers } = receiver.first;
    const now = world.laboratory.clock.now();
    const verify = (changed: Record<string, string>, body = 'x', key = secret, at = now) =>
      verifyWebhook({ ...headers, ...changed }, body, key, { now: at });
    expect(verify({})).toBe(true);
    expect(verify({}, 'y')).toBe(false);
    expect(verify({ 'webhook-id': 'msg_other' })).toBe(false);
    expect(verify({ 'webhook-timestamp': String(now / 1000 + 1) })).toBe(false);
    expect(verify({ 'webhook-timestamp': 'now' })).toBe(false);
    expect(verify({ 'webhook-signature': 'v1,AAAA v2,BBBB' })).toBe(false);
    expect(verify({ 'webhook-signature': '' })).toBe(false);
    expect(verify({}, 'x', otherSecret)).toBe(false);
    expect(verify({}, 'x', secret, now + 300_000)).toBe(true);
    expect(verify({}, 'x', secret, now + 301_000)).toBe(false);
    expect(verify({}, 'x', secret, now - 301_000)).toBe(false);
    expect(() => verify({}, 'x', 'whsec_c2hvcnQ=')).toThrow(
      'the secret cannot be used: it is a key of 5 bytes',
    );
  });

  it('is what the scheme publishes as its example', () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    expect(verifyWebhook(headers, '{"test": 2432232314}', key, { now: 1_614_265_330_000 })).toBe(true);
  });
});

const otherSecret = `whsec_${Buffer.from('another-key-of-carillon-webhooks').toString('base64')}`;
