import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelPersistence } from '@carillon/persistence-level';
import { type CarillonBroker, createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { type Webhooks, webhooks } from '../../src/index.ts';
import { Receiver } from './receiver.ts';

interface Site {
  readonly broker: CarillonBroker;
  readonly hooks: Webhooks;
}

async function folder(): Promise<string> {
  const location = await mkdtemp(join(tmpdir(), 'carillon-webhooks-'));
  onTestFinished(() => rm(location, { recursive: true, force: true }));
  return location;
}

/** A broker on a folder, under the system's clock; its webhook tries again within milliseconds. */
async function startOn(location: string, url: string, concurrency = 1): Promise<Site> {
  const broker = createBroker({ durability: 'written', systemTopicInterval: 0 });
  broker.use(levelPersistence({ location }));
  const backOff = { minimum: 1, maximum: 20 };
  const hooks = webhooks({
    hooks: [{ id: 'shop', url, filters: 'in/#', backOff, concurrency }],
    systemTopicInterval: 0,
  });
  broker.use(hooks);
  await broker.start();
  await hooks.ready();
  onTestFinished(() => broker.close());
  return { broker, hooks };
}

async function publish({ broker }: Site, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) await broker.publish(`in/${number % 3}`, String(number), { qos: 1 });
}

/** Tells when something has come. */
class Watch {
  #look: () => void = () => {};

  readonly tell = (): void => this.#look();

  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (isSo()) resolve();
      };
      this.#look();
    });
  }
}

const numbersFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);
const withoutRepeats = (texts: readonly string[]): number[] => [...new Set(texts)].map(Number);

test('a broker that is stopped and started anew loses nothing and goes on in order', async () => {
  const watch = new Watch();
  const receiver = await Receiver.start(() => {
    watch.tell();
    return 204;
  });
  const location = await folder();
  for (let round = 0; round < 4; round++) {
    const site = await startOn(location, receiver.url);
    const before = receiver.received.length;
    await publish(site, numbersFrom(round * 100, 100));
    await watch.until(() => receiver.received.length >= before + 20);
    // In the middle of a request, and with most of the messages still to come.
    await site.broker.close();
  }
  const site = await startOn(location, receiver.url);
  await watch.until(() => withoutRepeats(receiver.texts).length === 400);
  expect(withoutRepeats(receiver.texts)).toEqual(numbersFrom(0, 400));
  // Whoever remembers the ids has each message once, and one that came twice has one id.
  const ids = new Map(receiver.received.map(({ headers, text }) => [headers['webhook-id'] ?? '', text]));
  expect([...ids.values()].map(Number)).toEqual(numbersFrom(0, 400));
  await site.broker.close();
});

test('the same holds for each topic when several requests are under way', async () => {
  const watch = new Watch();
  const receiver = await Receiver.start(() => {
    watch.tell();
    return 204;
  });
  const location = await folder();
  const first = await startOn(location, receiver.url, 3);
  await publish(first, numbersFrom(0, 150));
  await watch.until(() => receiver.received.length >= 50);
  await first.broker.close();
  const second = await startOn(location, receiver.url, 3);
  await watch.until(() => withoutRepeats(receiver.texts).length === 150);
  for (const topic of [0, 1, 2]) {
    const own = withoutRepeats(receiver.texts).filter((number) => number % 3 === topic);
    expect(own).toEqual(numbersFrom(0, 150).filter((number) => number % 3 === topic));
  }
  await second.broker.close();
});

test('what waits for a receiver that is away is there after a restart', async () => {
  const watch = new Watch();
  const gone = await Receiver.start();
  const { port, url } = gone;
  gone.stop();
  const location = await folder();
  const site = await startOn(location, url);
  await publish(site, numbersFrom(0, 30));
  expect(site.hooks.state.get('shop')?.counters.waiting).toBe(30);
  await site.broker.close();
  const receiver = await Receiver.start(
    () => {
      watch.tell();
      return 200;
    },
    undefined,
    port,
  );
  const again = await startOn(location, receiver.url);
  await watch.until(() => receiver.received.length === 30);
  expect(receiver.texts.map(Number)).toEqual(numbersFrom(0, 30));
  await again.broker.close();
});
