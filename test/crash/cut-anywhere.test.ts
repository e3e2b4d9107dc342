import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BridgeOptions } from '@carillon/bridge-mqtt';
import { expect, test } from 'vitest';
import { within } from '../interop/time-limit.ts';
import { type Break, BreakingLine, type Passed } from './breaking-line.ts';
import { KillableBroker } from './killable-broker.ts';
import { broken, type PublisherLedger } from './ledger.ts';
import { Progress } from './rounds.ts';
import { SinglePublisher } from './single-publisher.ts';
import { Subscriber } from './traffic.ts';

const { CRASH_ALL } = process.env;
/** The long run cuts at every byte. */
const stride = CRASH_ALL === undefined ? 23 : 1;
const patience = 1_800_000;
const twice = [1, 2];

/** Two brokers on disk, each a process, and the line between them. */
class TwoSites implements AsyncDisposable {
  readonly line: BreakingLine;
  readonly near: KillableBroker;
  readonly far: KillableBroker;
  readonly out: readonly SinglePublisher[];
  readonly back: readonly SinglePublisher[];
  readonly #location: string;
  readonly #protocolVersion: 4 | 5;
  readonly #progress: Progress;
  readonly #subscribers: readonly [Subscriber, Subscriber];

  private constructor(
    place: { location: string; protocolVersion: 4 | 5; line: BreakingLine; progress: Progress },
    [near, far]: readonly [KillableBroker, KillableBroker],
    subscribers: readonly [Subscriber, Subscriber],
  ) {
    this.#location = place.location;
    this.#protocolVersion = place.protocolVersion;
    this.#progress = place.progress;
    this.line = place.line;
    this.near = near;
    this.far = far;
    this.#subscribers = subscribers;
    this.out = ([1, 2] as const).map((qos) => new SinglePublisher(near.port, `out-${qos}`, qos));
    this.back = ([1, 2] as const).map((qos) => new SinglePublisher(far.port, `in-${qos}`, qos));
  }

  static async open(protocolVersion: 4 | 5): Promise<TwoSites> {
    const location = await mkdtemp(join(tmpdir(), 'carillon-cut-'));
    const far = new KillableBroker(join(location, 'far'), 'written');
    await far.start();
    const line = await BreakingLine.open(far.port);
    const bridges = [bridgeOver(line, protocolVersion)];
    const near = new KillableBroker(join(location, 'near'), 'written', { brokerId: 'near', bridges });
    await near.start();
    const progress = new Progress();
    const noted = (): void => progress.tell();
    const atNear = await Subscriber.subscribe(near.port, 'at-near', noted);
    const atFar = await Subscriber.subscribe(far.port, 'at-far', noted);
    await near.until('cut', 'connected');
    return new TwoSites({ location, protocolVersion, line, progress }, [near, far], [atNear, atFar]);
  }

  /** The bridge goes to the remote broker as somebody it does not know, once nothing is left to be told by who it was. */
  async appearAs(clientId: string): Promise<void> {
    this.near.order({ settle: 'cut' });
    await within('the exchanges to end', this.near.until('cut', 'settled'));
    const bridge = bridgeOver(this.line, this.#protocolVersion);
    // Sessions that nobody comes back to are not to gather what is sent later.
    this.near.order({ change: { ...bridge, clientId, sessionExpiryInterval: 60 } });
  }

  /** One message of each of these, acknowledged by the broker it is given to and received by the other one. */
  async carryOneOf(publishers: readonly SinglePublisher[], when: string): Promise<void> {
    await Promise.all(publishers.map((publisher) => publisher.publish()));
    const hasCome = ({ ledger }: SinglePublisher): boolean => this.#receiverOf(ledger).has(ledger);
    await within(
      `messages to come ${when}`,
      this.#progress.until(() => publishers.every(hasCome)),
    );
  }

  get faults(): string[] {
    return [...this.out, ...this.back].flatMap(({ ledger }) => broken(ledger, this.#receiverOf(ledger)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.out, ...this.back, ...this.#subscribers].map((client) => client.end()));
    await this.near.kill();
    await this.far.kill();
    await this.line[Symbol.asyncDispose]();
    await rm(this.#location, { recursive: true, force: true });
  }

  #receiverOf({ name }: PublisherLedger) {
    const [atNear, atFar] = this.#subscribers;
    return name.startsWith('out') ? atFar.ledger : atNear.ledger;
  }
}

function bridgeOver({ port }: BreakingLine, protocolVersion: 4 | 5): BridgeOptions {
  return {
    name: 'cut',
    addresses: `mqtt://127.0.0.1:${port}`,
    topics: ['crash/# both 2'],
    backOff: { minimum: 1, maximum: 5 },
    protocolVersion,
  };
}

/** Every byte of what was recorded, or some of them. */
function* breaksIn(recorded: Passed): Iterable<Break> {
  for (const towards of ['remote', 'bridge'] as const) {
    for (let afterBytes = 1; afterBytes <= recorded[towards]; afterBytes += stride) {
      yield { towards, afterBytes };
    }
  }
}

test.each([5, 4] as const)(
  'a connection that ends after any byte of an exchange loses and doubles nothing, in version %d',
  async (version) => {
    await using sites = await TwoSites.open(version);
    const { line, out, back } = sites;
    const all = [...out, ...back];
    // Twice over one connection: the first exchange is then recorded to its end.
    line.cut();
    for (const _ of twice) await sites.carryOneOf(all, 'over a good line');
    const recorded = { ...line.passed };
    let planned = 0;
    for (const at of breaksIn(recorded)) {
      planned++;
      line.breakNext(at);
      line.cut();
      const when = `over a line that broke ${at.afterBytes} bytes towards the ${at.towards}`;
      for (const _ of twice) await sites.carryOneOf(all, when);
    }
    expect(sites.faults).toEqual([]);
    expect(Math.min(recorded.remote, recorded.bridge)).toBeGreaterThan(100);
    // The order of packets is not always that of the recording, and the last bytes may not come to pass.
    expect(line.breaks).toBeGreaterThan(planned * 0.9);
  },
  patience,
);

test(
  'so does one that ends while the bridge is introduced to a broker that does not know it',
  async () => {
    await using sites = await TwoSites.open(5);
    const { line, out, back } = sites;
    await sites.appearAs('first');
    await sites.carryOneOf(out, 'over a good line');
    const recorded = { ...line.passed };
    let planned = 0;
    for (const at of breaksIn(recorded)) {
      planned++;
      line.breakNext(at);
      await sites.appearAs(`stranger-${planned}`);
      const when = `over a line that broke ${at.afterBytes} bytes towards the ${at.towards}`;
      await sites.carryOneOf(out, when);
      // What went out did so after the subscription was granted.
      await sites.carryOneOf(back, when);
    }
    expect(sites.faults).toEqual([]);
    expect(line.breaks).toBeGreaterThan(planned * 0.9);
  },
  patience,
);
