import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WebhookErrorCode } from '../../src/index.ts';
import { type Answering, Receiver } from './receiver.ts';
import { secret, WebhookWorld } from './webhook-world.ts';

/** Milliseconds that the clock is turned until the webhook tries again. */
async function pauseOf(world: WebhookWorld): Promise<number> {
  const { retried } = world.state.counters;
  for (let pause = 0; pause < 10_000_000; pause += 50) {
    if (world.state.counters.retried > retried) return pause;
    await world.laboratory.advance(50);
  }
  throw new Error('the webhook does not try again');
}

/** Fails as often as there are statuses, then takes what comes. */
function after(...statuses: readonly number[]): Answering {
  const left = [...statuses];
  return () => left.shift() ?? 204;
}

describe('A message that the receiver does not take', () => {
  it('is sent again after pauses that double up to their maximum, half of them by chance', async () => {
    const receiver = await Receiver.start(after(500, 502, 503, 504, 429, 408));
    const world = await WebhookWorld.with(receiver, { backOff: { minimum: 1000, maximum: 8000 } });
    await world.publish('in/1', 'x', 'y');
    for (const [i, due] of [1000, 2000, 4000, 8000, 8000, 8000].entries()) {
      await world.until(() => receiver.received.length === i + 1 && receiver.underWay === 0);
      await world.until(() => world.told.length === i + 1);
      const pause = await pauseOf(world);
      expect(pause).toBeGreaterThanOrEqual(due / 2);
      expect(pause).toBeLessThanOrEqual(due + 50);
    }
    await world.untilDone();
    expect(receiver.texts).toEqual(['x', 'x', 'x', 'x', 'x', 'x', 'x', 'y']);
    expect(world.state).toMatchObject({
      condition: 'ready',
      lastStatus: 204,
      lastError: {
        code: 'WEBHOOK_REFUSED',
        message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ answered 408$/),
      },
      counters: { delivered: 2, retried: 6 },
    });
  });

  it('is one of many that wait, and nobody is told of a leak', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const receiver = await Receiver.start(() => 503);
    const world = await WebhookWorld.with(receiver, { concurrency: 30 });
    for (let topic = 0; topic < 30; topic++) await world.publish(`in/${topic}`, 'x');
    await world.until(() => receiver.received.length === 30 && receiver.underWay === 0);
    await world.until(() => world.told.length > 0);
    expect(warnings).toEqual([]);
  });

  it('keeps its id, and has the number of the attempt and a new time and signature each time', async () => {
    const receiver = await Receiver.start(after(500));
    const world = await WebhookWorld.with(receiver, { secret, backOff: { minimum: 2000 } });
    await world.publish('in/1', 'x');
    await world.until(() => world.state.condition === 'waiting');
    await world.laboratory.advance(2000);
    await world.untilDone();
    const [first, second] = receiver.received.map(({ headers }) => headers);
    expect(second?.['webhook-id']).toBe(first?.['webhook-id']);
    expect([first?.['webhook-attempt'], second?.['webhook-attempt']]).toEqual(['1', '2']);
    expect(second?.['webhook-signature']).not.toBe(first?.['webhook-signature']);
  });

  it.each([
    ['seconds', '120', 120_000],
    ['a date', new Date(1_800_000_000_000 + 90_000).toUTCString(), 90_000],
    ['longer than is granted', '999999', 600_000],
    ['what cannot be read', 'soon', 1000],
    ['a date that is past', new Date(0).toUTCString(), 1000],
  ])('is kept as long as the receiver asks for by Retry-After: %s', async (_, asked, due) => {
    let isFirst = true;
    const receiver = await Receiver.start((_request, response) => {
      if (!isFirst) return 204;
      isFirst = false;
      response.writeHead(503, { 'retry-after': asked }).end();
      return undefined;
    });
    const world = await WebhookWorld.with(receiver, { maximumRetryAfter: 600_000 });
    await world.publish('in/1', 'x');
    await world.until(() => world.state.condition === 'waiting');
    const pause = await pauseOf(world);
    expect(pause).toBeGreaterThanOrEqual(due === 1000 ? 500 : due);
    expect(pause).toBeLessThanOrEqual(due + 50);
    await world.untilDone();
  });

  it('is tried without end, with the others behind it, where nothing else is said', async () => {
    const receiver = await Receiver.start(() => 400);
    const world = await WebhookWorld.with(receiver, { backOff: { minimum: 10, maximum: 10 } });
    await world.publish('in/1', 'x', 'y');
    for (let i = 1; i <= 40; i++) {
      await world.until(() => world.told.length >= i);
      await world.laboratory.advance(10);
    }
    expect(new Set(receiver.texts)).toEqual(new Set(['x']));
    expect(world.state.counters).toMatchObject({ waiting: 2, deadLettered: 0, delivered: 0 });
    receiver.answer = () => 204;
    while (world.state.counters.delivered === 0) {
      await world.laboratory.advance(10);
      await world.until(() => receiver.underWay === 0);
    }
    await world.untilDone();
    expect(receiver.texts.slice(-2)).toEqual(['x', 'y']);
  });

  it('does not hold up other webhooks', async () => {
    const [down, up] = [await Receiver.start(() => 503), await Receiver.start()];
    const world = new WebhookWorld([
      { id: 'down', url: down.url, filters: 'in/#' },
      { id: 'up', url: up.url, filters: 'in/#' },
    ]);
    await world.start();
    await world.publish('in/1', 'a', 'b', 'c');
    await world.until(() => up.received.length === 3 && world.stateOf('down').condition === 'waiting');
    expect(world.stateOf('down').counters.waiting).toBe(3);
    await world.laboratory.advance(400);
    expect(world.stateOf('down').counters.lag).toBe(400);
    expect(world.stateOf('up').counters).toMatchObject({ waiting: 0, lag: 0 });
  });

  it('is dropped when its Message Expiry Interval runs out, and that is told', async () => {
    const receiver = await Receiver.start(() => 503);
    const world = await WebhookWorld.with(receiver);
    await world.send('in/1', 'x', { qos: 1, properties: { messageExpiryInterval: 1 } });
    await world.publish('in/1', 'y');
    await world.until(() => world.state.condition === 'waiting');
    receiver.answer = () => 204;
    await world.laboratory.advance(1100);
    await world.until(() => world.state.counters.waiting <= 1);
    await world.laboratory.advance(4000);
    await world.untilDone();
    const { delivered, dropped } = world.state.counters;
    expect(delivered + dropped.expired).toBe(2);
    expect(receiver.texts.at(-1)).toBe('y');
  });
});

describe('With a dead-letter topic', () => {
  const deadLetterTopic = 'dead/shop';

  it.each([400, 401, 403, 404, 405, 409, 413, 415, 422, 431, 451])(
    'a message goes there at once when the receiver answers %d',
    async (status) => {
      const receiver = await Receiver.start(after(status));
      const world = await WebhookWorld.with(receiver, { deadLetterTopic });
      const watcher = await world.laboratory.connect(world.broker);
      await watcher.subscribe('dead/#', { qos: 1 });
      await world.publish('in/1', 'x', 'y');
      await world.untilDone();
      const packet = await watcher.receiveMessage();
      expect(receiver.texts).toEqual(['x', 'y']);
      expect(new TextDecoder().decode(packet.payload)).toBe('x');
      expect(packet.properties.userProperties).toEqual([
        ['dead-letter-webhook', 'shop'],
        ['dead-letter-topic', 'in/1'],
        ['dead-letter-message-id', receiver.first.headers['webhook-id']],
        ['dead-letter-reason', 'WEBHOOK_REFUSED'],
        ['dead-letter-status', String(status)],
        ['dead-letter-attempts', '1'],
      ]);
      expect(world.state.counters).toMatchObject({ delivered: 1, deadLettered: 1, retried: 0 });
      expect(world.dropped).toEqual([]);
    },
  );

  it.each([301, 302, 307, 408, 425, 429, 500, 501, 503, 599])(
    'a message is tried again first when the receiver answers %d',
    async (status) => {
      const receiver = await Receiver.start(after(status));
      const world = await WebhookWorld.with(receiver, { deadLetterTopic });
      await world.publish('in/1', 'x');
      await world.until(() => world.state.condition === 'waiting');
      await world.laboratory.advance(1000);
      await world.untilDone();
      expect(world.state.counters).toMatchObject({ delivered: 1, deadLettered: 0, retried: 1 });
    },
  );

  it('a message goes there after so many attempts, with its own properties', async () => {
    const receiver = await Receiver.start(() => 503);
    const world = await WebhookWorld.with(receiver, {
      deadLetterTopic,
      maximumAttempts: 3,
      backOff: { minimum: 10, maximum: 10 },
    });
    const watcher = await world.laboratory.connect(world.broker);
    await watcher.subscribe('dead/#', { qos: 1 });
    await world.send('in/1', 'x', {
      qos: 1,
      retain: true,
      properties: { contentType: 'text/plain', messageExpiryInterval: 1000, userProperties: [['a', 'b']] },
    });
    for (let i = 1; i <= 3; i++) {
      await world.until(() => receiver.received.length === i && world.told.length === i);
      await world.laboratory.advance(10);
    }
    await world.untilDone();
    const packet = await watcher.receiveMessage();
    expect(packet).toMatchObject({ qos: 1, retain: false, properties: { contentType: 'text/plain' } });
    expect(packet.properties).not.toHaveProperty('messageExpiryInterval');
    expect(packet.properties.userProperties).toEqual(
      expect.arrayContaining([
        ['a', 'b'],
        ['dead-letter-status', '503'],
        ['dead-letter-attempts', '3'],
      ]),
    );
    expect(world.broker.retained('dead/shop')).toBeUndefined();
  });

  it('a message goes there when it has become too old, and not before one attempt', async () => {
    const receiver = await Receiver.start(() => 503);
    const world = await WebhookWorld.with(receiver, { deadLetterTopic, maximumAge: 60 });
    await world.publish('in/1', 'x', 'y');
    await world.until(() => world.state.condition === 'waiting');
    while (world.state.counters.deadLettered === 0) {
      await world.laboratory.advance(5000);
      await world.until(() => receiver.underWay === 0);
    }
    await world.until(() => world.state.counters.deadLettered === 2);
    expect(receiver.texts.filter((text) => text === 'y')).toHaveLength(1);
  });

  it('a payload that is too large goes there without an attempt', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { deadLetterTopic, maximumPayloadSize: 10 });
    await world.publish('in/1', 'x'.repeat(11), 'x'.repeat(10));
    await world.untilDone();
    expect(receiver.texts).toEqual(['x'.repeat(10)]);
    expect(world.state).toMatchObject({
      lastError: { code: 'WEBHOOK_TOO_LARGE', message: expect.stringContaining('11 bytes') },
      counters: { deadLettered: 1, delivered: 1 },
    });
  });

  it('a message stays until the broker has taken the dead letter', async () => {
    const receiver = await Receiver.start(() => 400);
    const world = await WebhookWorld.with(receiver, { deadLetterTopic });
    let refusals = 2;
    world.broker.use({
      name: 'busy',
      hooks: {
        commitPublish: ({ message }) => {
          if (message.topic !== deadLetterTopic || refusals-- <= 0) return undefined;
          return { allow: false, reasonCode: 0x97 };
        },
      },
    });
    await world.publish('in/1', 'x');
    await world.until(() => world.state.lastError?.code === 'WEBHOOK_DEAD_LETTER_REFUSED');
    expect(world.state.counters).toMatchObject({ waiting: 1, deadLettered: 0 });
    await world.laboratory.advance(1000);
    await world.laboratory.advance(2000);
    await world.untilDone();
    expect(world.state.counters.deadLettered).toBe(1);
    expect(receiver.received).toHaveLength(1);
  });

  it('is refused when the filters match it, its own or in a circle', async () => {
    const common = { url: 'https://a.example' };
    expect(() => new WebhookWorld([{ ...common, id: 'a', filters: '#', deadLetterTopic }])).toThrow(
      expect.objectContaining({
        code: 'WEBHOOK_LOOPS',
        message: expect.stringContaining('webhook "a" match its own'),
      }),
    );
    const circle = [
      { ...common, id: 'a', filters: ['in/#', 'dead/c'], deadLetterTopic: 'dead/a' },
      { ...common, id: 'b', filters: 'dead/a', deadLetterTopic: 'dead/b' },
      { ...common, id: 'c', filters: 'dead/+/#', deadLetterTopic: 'dead/c/x/y' },
    ];
    expect(() => new WebhookWorld(circle)).toThrow('webhook "c" match its own');
    const wide = circle.map((hook) =>
      hook.id === 'c' ? { ...hook, filters: 'dead/b', deadLetterTopic: 'dead/c' } : hook,
    );
    expect(() => new WebhookWorld(wide)).toThrow('in a circle, from "a" to "b" to "c" to "a"');
    expect(() => new WebhookWorld(wide.slice(0, 2))).not.toThrow();
  });
});

describe('Where undeliverable messages are to be dropped', () => {
  it('that is counted and told', async () => {
    const receiver = await Receiver.start(after(400));
    const world = await WebhookWorld.with(receiver, { dropUndeliverable: true });
    await world.publish('in/1', 'x', 'y');
    await world.untilDone();
    expect(receiver.texts).toEqual(['x', 'y']);
    expect(world.state.counters).toMatchObject({ delivered: 1, dropped: { undeliverable: 1 } });
    expect(world.dropped).toMatchObject([{ reason: 'refused-by-receiver', clientId: 'webhook:shop' }]);
  });
});

describe('A receiver that answers 410', () => {
  it('is left alone until the webhook is changed, and what comes meanwhile waits', async () => {
    const receiver = await Receiver.start(after(410));
    const world = await WebhookWorld.with(receiver, { deadLetterTopic: 'dead/shop' });
    await world.publish('in/1', 'x', 'y');
    await world.until(() => world.state.condition === 'stopped');
    await world.publish('in/1', 'z');
    await world.laboratory.advance(100_000_000);
    expect(receiver.received).toHaveLength(1);
    expect(world.state).toMatchObject({
      lastStatus: 410,
      lastError: { code: 'WEBHOOK_GONE' },
      counters: { waiting: 3, deadLettered: 0, lag: 100_000_000 },
    });
    expect(world.told).toMatchObject([{ bridge: 'webhook:shop', change: 'stopped', code: 'WEBHOOK_GONE' }]);
    await world.atRest(world.webhooks.change({ id: 'shop', url: receiver.url, filters: 'in/#' }));
    await world.untilDone();
    expect(receiver.texts).toEqual(['x', 'x', 'y', 'z']);
  });
});

/** Answers each connection as it likes, in bytes. */
async function rawReceiver(serve: Serve): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => serve(socket));
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
  return `http://127.0.0.1:${address.port}`;
}

type Serve = (socket: Socket) => unknown;

/** What it does, what that is called, and how. */
const faults: readonly (readonly [string, WebhookErrorCode, Serve])[] = [
  ['closes without an answer', 'WEBHOOK_CONNECTION_LOST', (socket) => socket.end()],
  ['resets the connection', 'WEBHOOK_CONNECTION_LOST', (socket) => socket.resetAndDestroy()],
  ['speaks no HTTP', 'WEBHOOK_ANSWER_INVALID', (socket) => socket.end('220 mail.example ESMTP\r\n')],
  ['cuts its answer', 'WEBHOOK_CONNECTION_LOST', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
  [
    'sends a head without end',
    'WEBHOOK_ANSWER_INVALID',
    (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
  ],
];

describe('A receiver that is broken', () => {
  it.each(faults)('and %s is tried again: %s', async (_, code, serve) => {
    const world = await WebhookWorld.with(await rawReceiver(serve));
    await world.publish('in/1', 'x');
    await world.until(() => world.state.condition === 'waiting');
    expect(world.state).toMatchObject({
      lastError: { code },
      lastStatus: undefined,
      counters: { waiting: 1 },
    });
  });

  it('and never answers is given up in time', async () => {
    const world = await WebhookWorld.with(await rawReceiver(() => {}), { timeout: 5000 });
    await world.publish('in/1', 'x');
    await world.until(() => world.state.counters.waiting === 1);
    await world.laboratory.advance(5000);
    await world.until(() => world.state.condition === 'waiting');
    expect(world.state.lastError).toMatchObject({
      code: 'WEBHOOK_TIMED_OUT',
      message: expect.stringContaining('did not answer within 5000 milliseconds'),
    });
  });

  it.each([
    ['cuts the body', 'content-length: 100\r\n\r\nabc', true],
    ['sends a body without end', `\r\n${'z'.repeat(200_000)}`, false],
  ])('and %s after a 2xx has the message', async (_, rest, ends) => {
    const url = await rawReceiver((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${rest}`);
      if (ends) socket.end();
    });
    const world = await WebhookWorld.with(url);
    await world.publish('in/1', 'x', 'y');
    await world.untilDone();
    expect(world.state).toMatchObject({ condition: 'ready', counters: { delivered: 2, retried: 0 } });
  });

  it('and hangs in the middle of its body after a 2xx has the message when the time is up', async () => {
    const url = await rawReceiver(
      (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
    );
    const world = await WebhookWorld.with(url, { timeout: 5000 });
    await world.publish('in/1', 'x');
    await world.until(() => world.state.counters.waiting === 1);
    for (let i = 0; i < 2 && world.state.counters.waiting > 0; i++) await world.laboratory.advance(5000);
    await world.untilDone();
  });

  it('and closed a connection that was kept is asked again at once', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver);
    await world.publish('in/1', 'x');
    await world.untilDone();
    receiver.server.closeIdleConnections();
    await world.publish('in/1', 'y');
    await world.untilDone();
    expect(receiver.texts).toEqual(['x', 'y']);
    expect(world.state.counters.retried).toBe(0);
  });

  it('and is not there is named as such', async () => {
    const receiver = await Receiver.start();
    const { url } = receiver;
    receiver.stop();
    const world = await WebhookWorld.with(url);
    await world.publish('in/1', 'x');
    await world.until(() => world.state.condition === 'waiting');
    expect(world.state.lastError).toMatchObject({
      code: 'WEBHOOK_UNREACHABLE',
      message: expect.stringContaining('nobody listens there (ECONNREFUSED)'),
    });
  });
});

/** What it does, how, and what is said of it. */
const givers: readonly (readonly [string, () => string, string])[] = [
  [
    'throws',
    () => {
      throw new Error('whsec_hidden');
    },
    'the function given as secret failed',
  ],
  [
    'gives no secret',
    () => 'whsec_c2hvcnQ=',
    'the function given as secret gave what cannot be: it is a key of 5 bytes',
  ],
];

describe('A function given as an option', () => {
  it.each(givers)('that %s delays the message, and shows no secret', async (_, first, message) => {
    let give = first;
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { secret: () => give() });
    await world.publish('in/1', 'x');
    await world.until(() => world.state.condition === 'waiting');
    expect(world.state.lastError).toMatchObject({
      code: 'WEBHOOK_OPTION_FAILED',
      message: expect.stringContaining(message),
    });
    expect(JSON.stringify([world.state, world.told, world.laboratory.logger.records])).not.toContain(
      'hidden',
    );
    expect(receiver.received).toEqual([]);
    give = () => secret;
    await world.laboratory.advance(1000);
    await world.untilDone();
  });

  it('that gives headers which cannot be delays the message', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { headers: () => ({ authorization: 'a\r\nx: y' }) });
    await world.publish('in/1', 'x');
    await world.until(() => world.state.condition === 'waiting');
    expect(world.state.lastError?.message).toContain('headers.authorization is a string');
  });

  it('that never answers is given up in time', async () => {
    const receiver = await Receiver.start();
    const world = await WebhookWorld.with(receiver, { secret: () => new Promise<string>(() => {}) });
    await world.publish('in/1', 'x');
    await world.laboratory.advance(10_000);
    expect(world.state.lastError?.code).toBe('WEBHOOK_TIMED_OUT');
  });
});
