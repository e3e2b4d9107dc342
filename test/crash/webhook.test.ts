import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SeededRandom, seededRandom } from '@carillon/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { KillableBroker } from './killable-broker.ts';
import { broken, type PublisherLedger, SubscriberLedger } from './ledger.ts';
import { Progress } from './rounds.ts';
import { Publisher } from './traffic.ts';

const { CRASH_ROUNDS = '3', CRASH_SEED = '1' } = process.env;
const rounds = Number(CRASH_ROUNDS);
const patience = 120_000 + rounds * 20_000;

/** A receiver that remembers ids, and that fails now and then: by its status, or in the middle of the exchange. */
class FaultyReceiver {
  readonly ledger = new SubscriberLedger('receiver');
  repeats = 0;
  readonly #random: SeededRandom;
  readonly #noted: () => void;
  readonly #ids = new Set<string>();
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });

  constructor(random: SeededRandom, noted: () => void) {
    this.#random = random;
    this.#noted = noted;
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
    return `http://127.0.0.1:${address.port}/hook`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#random.integer(40);
    if (fault === 0) {
      request.socket.destroy();
      return;
    }
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    if (fault === 1) {
      response.writeHead(503).end();
      return;
    }
    this.#note(request, Number(body));
    // It has the message, and the broker does not learn of it.
    if (fault === 2) request.socket.destroy();
    else response.writeHead(204).end();
  }

  #note({ headers }: IncomingMessage, number: number): void {
    const { 'webhook-id': id, 'mqtt-topic': topic } = headers;
    if (this.#ids.has(String(id))) this.repeats++;
    else this.ledger.note(String(topic).slice('crash/'.length), number);
    this.#ids.add(String(id));
    this.#noted();
  }
}

function acknowledgedBy(ledgers: readonly PublisherLedger[]): number {
  return ledgers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
}

/** Publishers at full speed, and a webhook for all of it; the broker is killed again and again. */
async function webhookRounds(location: string, seed: number) {
  const random = seededRandom(seed);
  const progress = new Progress();
  const noted = (): void => progress.tell();
  const receiver = new FaultyReceiver(random.fork('faults'), noted);
  onTestFinished(() => receiver.stop());
  const broker = new KillableBroker(location, 'written', { webhookUrl: await receiver.start() });
  onTestFinished(() => broker.kill());
  await broker.start();
  const publishers = ([1, 2] as const).map(
    (qos) => new Publisher(broker.port, `publisher-${qos}`, qos, noted),
  );
  const ledgers = publishers.map(({ ledger }) => ledger);
  for (let round = 0; round < rounds; round++) {
    const goal = acknowledgedBy(ledgers) + 50 + random.integer(400);
    await progress.until(() => acknowledgedBy(ledgers) >= goal);
    await broker.kill();
    await broker.start();
  }
  await Promise.all(publishers.map((publisher) => publisher.stop()));
  await progress.until(() => ledgers.every((sent) => receiver.ledger.has(sent)));
  const faults = ledgers.flatMap((sent) => broken(sent, receiver.ledger));
  await Promise.all(publishers.map((publisher) => publisher.end()));
  return { faults, acknowledged: acknowledgedBy(ledgers), repeats: receiver.repeats };
}

test(
  'what was acknowledged comes to the receiver of a webhook, in order, whenever the broker is killed',
  async () => {
    const location = await mkdtemp(join(tmpdir(), 'carillon-webhook-'));
    onTestFinished(() => rm(location, { recursive: true, force: true }));
    const report = await webhookRounds(location, Number(CRASH_SEED));
    expect(report.faults).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(rounds * 50);
    expect(report.repeats).toBeGreaterThan(0);
  },
  patience,
);
