import { type BridgeOptions, type BridgeState, type MqttBridge, mqttBridge } from '@carillon/bridge-mqtt';
import { type CarillonBroker, createBroker } from 'carillon';
import { within } from './time-limit.ts';

const quick = { backOff: { minimum: 20, maximum: 200 } };

/** A broker here with one bridge, and what becomes of the bridge. */
export class Here implements AsyncDisposable {
  readonly broker: CarillonBroker;
  readonly bridge: MqttBridge;
  readonly changes: string[] = [];
  /** The client id that the bridge has over there. */
  readonly bridgeClientId = 'here.far';
  #isReady = false;
  #whenChanged: () => void = () => {};

  constructor(options: Partial<BridgeOptions> & Pick<BridgeOptions, 'addresses' | 'topics'>) {
    this.broker = createBroker({ systemTopicInterval: 0, limits: { maximumQueuedMessages: 100_000 } });
    this.bridge = mqttBridge({ brokerId: 'here', bridges: [{ name: 'far', ...quick, ...options }] });
    this.broker.use(this.bridge);
    this.broker.use({
      name: 'watch',
      hooks: {
        subscribed: ({ client }) => {
          if (client.id === 'bridge:far') this.#isReady = true;
          this.#whenChanged();
        },
        bridgeChanged: ({ change, code }) => {
          this.changes.push(code === '' ? change : code);
          this.#whenChanged();
        },
      },
    });
  }

  /** Starts the broker, and waits until what is published waits for the bridge. */
  async ready(): Promise<this> {
    await this.broker.start();
    const subscribed = new Promise<void>((resolve) => {
      this.#whenChanged = () => this.#isReady && resolve();
      this.#whenChanged();
    });
    await within('the bridge to be ready', subscribed);
    return this;
  }

  /** Starts the broker, and waits until the bridge has said that, so often. */
  async until(change: string, times = 1): Promise<this> {
    await this.broker.start();
    const said = new Promise<void>((resolve) => {
      this.#whenChanged = () => {
        if (this.changes.filter((one) => one === change).length >= times) resolve();
      };
      this.#whenChanged();
    });
    await within(`the bridge to say ${change}; it said ${this.changes}`, said);
    return this;
  }

  get state(): BridgeState {
    const state = this.bridge.state.get('far');
    if (state === undefined) throw new Error('the bridge is gone');
    return state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close({ within: 500 });
  }
}

/** Payloads by topic as they come, and the means to wait for enough of them. */
export class Arrivals {
  readonly byTopic = new Map<string, string[]>();
  #changed: () => void = () => {};

  take(topic: string, payload: string): void {
    this.byTopic.set(topic, [...(this.byTopic.get(topic) ?? []), payload]);
    this.#changed();
  }

  /** Until the topic has brought that payload. */
  async until(topic: string, payload: string): Promise<void> {
    const has = (): boolean => this.byTopic.get(topic)?.includes(payload) === true;
    const come = new Promise<void>((resolve) => {
      const look = (): void => void (has() && resolve());
      const before = this.#changed;
      this.#changed = () => {
        before();
        look();
      };
      look();
    });
    await within(`${payload} on ${topic}`, come);
  }
}
