import {
  encode,
  type ProtocolVersion,
  type PublishPacket,
  type PublishProperties,
  type QoS,
} from '@carillon/protocol';
import { type Path, readPath, withPath } from './path.ts';
import type { Side, TopicRule } from './topic-rule.ts';

/** Why a message goes no further. The bridge acknowledges it itself. */
export type SwallowReason =
  /** No rule is for its topic, or its topic has no name on the other side. */
  | 'no-rule'
  /** It has been there before, or has passed more brokers than it may. */
  | 'loop'
  /** It came by another way already. */
  | 'seen'
  /** The rule carries retained messages only. */
  | 'not-retained'
  /** Its Message Expiry Interval ran out in the bridge. */
  | 'expired'
  /** The receiving broker takes no packet of that size. */
  | 'too-large'
  /** The receiving broker refused it for good. */
  | 'refused';

/** What the receiving broker takes. */
export interface ReceiverTerms {
  readonly version: ProtocolVersion;
  readonly maximumPacketSize: number;
  readonly maximumQoS: QoS;
  readonly retainAvailable: boolean;
}

/** How messages of one direction are translated. */
export interface TranslationOptions {
  readonly from: Side;
  /** All rules of the bridge: those of the other direction say how a Response Topic comes back. */
  readonly rules: readonly TopicRule[];
  readonly receiver: ReceiverTerms;
  /** The broker that the messages leave: it is added to their path. */
  readonly leaves: string;
  /** Messages that have been at one of these brokers are not brought there again. */
  readonly arrivesAt: readonly string[];
  readonly maximumHops: number;
  /** Whether a message with this stamp came by another way. */
  readonly isSeen: (stamp: string) => boolean;
}

/** A message as it is to be sent on. */
export interface Translated {
  readonly packet: PublishPacket;
  readonly bytes: Uint8Array;
  readonly stamp: string | undefined;
}

interface Route {
  readonly rule: TopicRule;
  readonly topic: string;
}

/** Topics whose rule is remembered; beyond it all are forgotten. */
const rememberedTopics = 1024;

/** Makes of a message of one broker the same message for the other. */
export class Translation {
  readonly #options: TranslationOptions;
  readonly #forward: readonly TopicRule[];
  readonly #backward: readonly TopicRule[];
  readonly #routes = new Map<string, Route | undefined>();

  constructor(options: TranslationOptions) {
    const { from, rules } = options;
    const direction = from === 'local' ? 'out' : 'in';
    this.#options = options;
    this.#forward = rules.filter((rule) => rule.direction !== (direction === 'out' ? 'in' : 'out'));
    this.#backward = rules.filter((rule) => rule.direction !== direction);
  }

  /** @param waited Seconds that the message waited in the bridge. */
  translate(packet: PublishPacket, waited = 0): Translated | SwallowReason {
    const { receiver, leaves, arrivesAt, maximumHops, isSeen } = this.#options;
    const route = this.#routeOf(packet.topic);
    if (route === undefined) return 'no-rule';
    const { rule, topic } = route;
    if (rule.retain === 'only' && !packet.retain) return 'not-retained';
    const path = readPath(packet.properties.userProperties);
    const hops = path.brokers.length + 1;
    if (hops > maximumHops || path.brokers.some((id) => arrivesAt.includes(id))) return 'loop';
    if (path.stamp !== undefined && isSeen(path.stamp)) return 'seen';
    const { messageExpiryInterval } = packet.properties;
    if (messageExpiryInterval !== undefined && messageExpiryInterval < waited) return 'expired';
    const left: Path = { brokers: [...path.brokers, leaves], stamp: path.stamp };
    const qos = Math.min(packet.qos, receiver.maximumQoS) === packet.qos ? packet.qos : receiver.maximumQoS;
    const translated: PublishPacket = {
      type: 'publish',
      topic,
      payload: packet.payload,
      qos,
      retain: packet.retain && rule.retain !== 'clear' && receiver.retainAvailable,
      dup: qos !== 0 && packet.dup,
      packetId: qos === 0 ? 0 : packet.packetId,
      properties: receiver.version === 5 ? this.#properties(packet.properties, left, waited) : {},
    };
    const bytes = encode(translated, receiver.version);
    if (bytes.length > receiver.maximumPacketSize) return 'too-large';
    return { packet: translated, bytes, stamp: path.stamp };
  }

  #properties(properties: PublishProperties, path: Path, waited: number): PublishProperties {
    const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData } =
      properties;
    return {
      ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator }),
      ...(messageExpiryInterval === undefined
        ? {}
        : { messageExpiryInterval: messageExpiryInterval - Math.floor(waited) }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(responseTopic === undefined ? {} : { responseTopic: this.#mapResponseTopic(responseTopic) }),
      ...(correlationData === undefined ? {} : { correlationData }),
      userProperties: withPath(properties.userProperties, path),
    };
  }

  /** Where the answer is to be sent so that it comes back here; as it is, when no rule brings it back. */
  #mapResponseTopic(topic: string): string {
    const { from } = this.#options;
    for (const rule of [...this.#backward, ...this.#forward]) {
      const mapped = rule.map(topic, from);
      if (mapped !== undefined) return mapped;
    }
    return topic;
  }

  /** The first rule counts. */
  #routeOf(topic: string): Route | undefined {
    if (this.#routes.has(topic)) return this.#routes.get(topic);
    if (this.#routes.size >= rememberedTopics) this.#routes.clear();
    const route = this.#findRoute(topic);
    this.#routes.set(topic, route);
    return route;
  }

  #findRoute(topic: string): Route | undefined {
    for (const rule of this.#forward) {
      const mapped = rule.map(topic, this.#options.from);
      if (mapped !== undefined) return { rule, topic: mapped };
    }
    return undefined;
  }
}

/** The filters of the rules that carry messages from there, each once, with the highest QoS. */
export function filtersFrom(side: Side, rules: readonly TopicRule[]): ReadonlyMap<string, TopicRule> {
  const against = side === 'local' ? 'in' : 'out';
  const filters = new Map<string, TopicRule>();
  for (const rule of rules) {
    if (rule.direction === against) continue;
    const known = filters.get(rule.filter[side]);
    if (known === undefined || known.qos < rule.qos) filters.set(rule.filter[side], rule);
  }
  return filters;
}
