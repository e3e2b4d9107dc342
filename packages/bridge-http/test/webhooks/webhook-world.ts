import type { BridgeEvent, DroppedEvent, Payload, PublishOptions } from '@carillon/hooks';
import { Laboratory } from '@carillon/testkit';
import { type BrokerOptions, type CarillonBroker, createBroker } from 'carillon';
import { expect } from 'vitest';
import { type WebhookOptions, type WebhookState, type Webhooks, webhooks } from '../../src/index.ts';
import type { Receiver } from './receiver.ts';

/** A key as Standard Webhooks has it; for tests only. */
export const secret = `whsec_${Buffer.from('carillon-webhooks-test-key-0001').toString('base64')}`;

/** A broker under a clock turned by hand, with webhooks that call real receivers. */
export class WebhookWorld {
  readonly laboratory = new Laboratory({ startAt: 1_800_000_000_000, patience: 10_000 });
  readonly broker: CarillonBroker;
  readonly webhooks: Webhooks;
  readonly told: BridgeEvent[] = [];
  readonly dropped: DroppedEvent[] = [];

  constructor(
    hooks: readonly WebhookOptions[],
    { systemTopicInterval = 0, ...options }: BrokerOptions & { systemTopicInterval?: number } = {},
  ) {
    this.broker = createBroker({ ...this.laboratory.platform, systemTopicInterval: 0, ...options });
    this.webhooks = webhooks({ hooks, systemTopicInterval });
    this.broker.use(this.webhooks);
    this.broker.use({
      name: 'watch',
      hooks: {
        bridgeChanged: (event) => void this.told.push(event),
        dropped: (event) => void this.dropped.push(event),
      },
    });
  }

  /** A broker that runs, with one webhook for `in/#`. */
  static async with(
    receiver: Receiver | string,
    options: Partial<WebhookOptions> = {},
    brokerOptions: BrokerOptions & { systemTopicInterval?: number } = {},
  ): Promise<WebhookWorld> {
    const url = typeof receiver === 'string' ? receiver : receiver.url;
    const world = new WebhookWorld([{ id: 'shop', url, filters: 'in/#', ...options }], brokerOptions);
    await world.start();
    return world;
  }

  async start(): Promise<void> {
    await this.broker.start();
    await this.laboratory.settle();
  }

  get state(): WebhookState {
    return this.stateOf('shop');
  }

  stateOf(id: string): WebhookState {
    const state = this.webhooks.state.get(id);
    if (state === undefined) throw new Error(`there is no webhook ${id}`);
    return state;
  }

  /** Publishes at QoS 1, one after the other. */
  async publish(topic: string, ...payloads: readonly string[]): Promise<void> {
    for (const payload of payloads) await this.send(topic, payload, { qos: 1 });
  }

  async send(topic: string, payload: Payload, options: PublishOptions = {}): Promise<void> {
    await this.atRest(this.broker.publish(topic, payload, options));
  }

  /** Lets everything happen that a promise waits for. */
  async atRest<T>(promise: Promise<T>): Promise<T> {
    await this.laboratory.settle();
    return promise;
  }

  /** Fails when it does not come about. */
  async until(condition: () => boolean): Promise<void> {
    expect(await this.laboratory.settleUntil(condition), 'what was waited for').toBe(true);
  }

  /** Until every message is settled. */
  untilDone(): Promise<void> {
    return this.until(() => this.webhooks.list().every(({ counters }) => counters.waiting === 0));
  }
}
