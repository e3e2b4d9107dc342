import type { ByteChannel } from '@carillon/hooks';
import {
  type ChannelPairOptions,
  type ConnectDraft,
  channelPair,
  Laboratory,
  type MemoryChannel,
} from '@carillon/testkit';
import { type BrokerOptions, type CarillonBroker, createBroker } from 'carillon';
import type { Address } from '../src/address.ts';
import type { BridgeOptions, MqttBridgeOptions } from '../src/link-options.ts';
import { MqttBridge } from '../src/mqtt-bridge.ts';

/** A broker of the laboratory's network, and its bridges. */
export interface Site {
  readonly name: string;
  readonly broker: CarillonBroker;
  readonly bridge: MqttBridge;
}

/** Brokers under one hand-turned clock, reached by their names: `mqtt://b`. */
export class JoinedBrokers {
  readonly laboratory = new Laboratory();
  /** What was dialled, in order. */
  readonly dialled: string[] = [];
  /** The ends that bridges hold, the newest last. */
  readonly lines: MemoryChannel[] = [];
  /** How bytes travel on the next line. */
  channel: ChannelPairOptions = {};
  /** Hosts that do not answer, and what their dialling fails with. */
  readonly unreachable = new Map<string, Error>();
  readonly #sites = new Map<string, Site>();

  site(
    name: string,
    bridges: readonly BridgeOptions[] = [],
    options: BrokerOptions & MqttBridgeOptions = {},
  ): Site {
    const { brokerId = name, systemTopicInterval, ...brokerOptions } = options;
    const broker = createBroker({
      ...this.laboratory.platform,
      systemTopicInterval: 0,
      ...brokerOptions,
    });
    const bridge = new MqttBridge(
      { bridges, brokerId, ...(systemTopicInterval === undefined ? {} : { systemTopicInterval }) },
      (address) => this.#dial(address),
    );
    broker.use(bridge);
    const site = { name, broker, bridge };
    this.#sites.set(name, site);
    return site;
  }

  /** Starts them all, and lets everything happen. */
  async start(): Promise<void> {
    for (const { broker } of this.#sites.values()) await broker.start();
    await this.laboratory.settle();
  }

  client(site: Site, draft: ConnectDraft = {}) {
    return this.laboratory.connect(site.broker, draft);
  }

  async #dial({ host }: Address): Promise<ByteChannel> {
    this.dialled.push(host);
    const trouble = this.unreachable.get(host);
    if (trouble !== undefined) throw trouble;
    const site = this.#sites.get(host);
    if (site === undefined) throw new Error(`nobody is called ${host}`);
    const [client, server] = channelPair(this.laboratory, this.channel);
    site.broker.handle(server, { transport: 'tcp', address: '192.0.2.1', encrypted: false });
    this.lines.push(client);
    return client;
  }
}
