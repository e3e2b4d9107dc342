import type {
  ConnectPacket,
  Packet,
  PacketType,
  ProtocolVersion,
  PublishPacket,
  SubscribePacket,
  SubscriptionRequest,
  Will,
} from '@carillon/protocol';

/** Bytes, or a text that stands for its UTF-8 bytes. */
export type PayloadDraft = Uint8Array | string;

/** A Will of which only the topic has to be said. Defaults: empty payload, QoS 0, not retained. */
export type WillDraft = Partial<Omit<Will, 'payload' | 'topic'>> & { topic: string; payload?: PayloadDraft };

/** A CONNECT of which nothing has to be said. */
export type ConnectDraft = Partial<Omit<ConnectPacket, 'type' | 'will' | 'password'>> & {
  will?: WillDraft;
  password?: PayloadDraft;
};

/** One filter, alone or with those of its options that are not 0 and false. */
export type SubscriptionDraft = string | (Partial<SubscriptionRequest> & { filter: string });

/**
 * A packet of which only what matters to the test has to be said: the rest is 0, false, empty. A text may
 * stand for a payload or password, a filter for a subscription request.
 */
export type PacketDraft =
  | ({ type: 'connect' } & ConnectDraft)
  | ({ type: 'publish' } & Partial<Omit<PublishPacket, 'type' | 'payload'>> & { payload?: PayloadDraft })
  | ({ type: 'subscribe' } & Partial<Omit<SubscribePacket, 'type' | 'subscriptions'>> & {
        subscriptions: readonly SubscriptionDraft[];
      })
  | {
      [Type in Exclude<PacketType, 'connect' | 'publish' | 'subscribe'>]: { type: Type } & Partial<
        Omit<Extract<Packet, { type: Type }>, 'type'>
      >;
    }[Exclude<PacketType, 'connect' | 'publish' | 'subscribe'>];

/** The bytes that a payload's draft stands for. */
export function payloadBytes(payload: PayloadDraft): Uint8Array {
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
}

/** A subscription request with all its options. */
export function completeSubscription(draft: SubscriptionDraft): SubscriptionRequest {
  const said = typeof draft === 'string' ? { filter: draft } : draft;
  return { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, ...said };
}

/** The whole packet that a draft stands for. `version` is what a CONNECT says that says nothing of it. */
export function completePacket(draft: PacketDraft, version: ProtocolVersion): Packet {
  switch (draft.type) {
    case 'connect':
      return completeConnect(draft, version);
    case 'connack':
      return { sessionPresent: false, reasonCode: 0, properties: {}, ...draft };
    case 'publish':
      return { ...publishDefaults, ...draft, payload: payloadBytes(draft.payload ?? '') };
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return { packetId: 0, reasonCode: 0, properties: {}, ...draft };
    case 'subscribe': {
      const subscriptions = draft.subscriptions.map(completeSubscription);
      return { packetId: 0, properties: {}, ...draft, subscriptions };
    }
    case 'suback':
    case 'unsuback':
      return { packetId: 0, reasonCodes: [], properties: {}, ...draft };
    case 'unsubscribe':
      return { packetId: 0, filters: [], properties: {}, ...draft };
    case 'disconnect':
    case 'auth':
      return { reasonCode: 0, properties: {}, ...draft };
    case 'pingreq':
    case 'pingresp':
      return draft;
  }
}

const publishDefaults = {
  topic: '',
  payload: '',
  qos: 0,
  retain: false,
  dup: false,
  packetId: 0,
  properties: {},
} as const;

/** The whole CONNECT that a draft stands for. */
export function completeConnect(draft: ConnectDraft, version: ProtocolVersion): ConnectPacket {
  const { will, password, ...said } = draft;
  return {
    protocolVersion: version,
    bridge: false,
    clientId: '',
    cleanStart: true,
    keepAlive: 0,
    properties: {},
    ...said,
    type: 'connect',
    ...(will === undefined ? {} : { will: completeWill(will) }),
    ...(password === undefined ? {} : { password: payloadBytes(password) }),
  };
}

function completeWill(draft: WillDraft): Will {
  return { qos: 0, retain: false, properties: {}, ...draft, payload: payloadBytes(draft.payload ?? '') };
}
