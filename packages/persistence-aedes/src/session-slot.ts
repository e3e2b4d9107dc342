import type { DeliveryState, SessionRecord } from '@carillon/persistence';
import { ObjectFields } from './object-fields.ts';

/** The slot, among a client's incoming packets, that holds what Aedes has no place for. No packet id is so high. */
export const sessionSlot = 0x1_0000;

/** Whether MQTT has such a packet identifier. */
export function isPacketId(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number < sessionSlot;
}

/** How far a delivery has come. */
export interface Delivery {
  readonly packetId: number;
  readonly state: Exclude<DeliveryState, 'queued'>;
}

/** What a subscription matches, where its filter does not say it: rewritten, or beneath a mount point. */
export interface MatchedFilter {
  readonly topicFilter: string;
  readonly shareName: string | undefined;
}

/**
 * The state of a session besides its subscriptions and its queue. It is one record, so it changes whole: the
 * states of all deliveries, for one, cost one write per batch, whatever their number.
 */
export interface SessionSlot {
  readonly session: SessionRecord;
  /** No entry of the queue has, or has had, a higher sequence number. */
  readonly highest: number;
  /** By sequence number. */
  readonly deliveries: ReadonlyMap<number, Delivery>;
  readonly inboundIds: ReadonlySet<number>;
  /** By filter as the client wrote it; only of those that need it. */
  readonly matched: ReadonlyMap<string, MatchedFilter>;
}

const version = 1;
const neverExpires = 0xffff_ffff;

export function writeSlot(slot: SessionSlot): string {
  const { session, highest, deliveries, inboundIds, matched } = slot;
  return JSON.stringify({
    version,
    session,
    highest,
    deliveries: Array.from(deliveries, ([sequence, { packetId, state }]) => {
      return [sequence, packetId, state === 'released' ? 1 : 0];
    }),
    inboundIds: [...inboundIds],
    matched: Array.from(matched, ([filter, { topicFilter, shareName = null }]) => {
      return [filter, topicFilter, shareName];
    }),
  });
}

/** @throws Error when it is damaged. */
export function readSlot(text: string): SessionSlot {
  const fields = ObjectFields.parse(text);
  return {
    session: readSession(fields.inner('session')),
    highest: fields.number('highest'),
    deliveries: new Map(fields.list('deliveries').map(readDelivery)),
    inboundIds: new Set(fields.numbers('inboundIds')),
    matched: new Map(fields.list('matched').map(readMatched)),
  };
}

/** A session that Aedes wrote: it never expires, and nobody knows since when it is there. */
export function foreignSlot(clientId: string, now: number): SessionSlot {
  return {
    session: {
      clientId,
      protocolVersion: 4,
      sessionExpiryInterval: neverExpires,
      createdAt: now,
      disconnectedAt: now,
      identity: undefined,
      groups: [],
      mountPoint: '',
    },
    highest: 0,
    deliveries: new Map(),
    inboundIds: new Set(),
    matched: new Map(),
  };
}

/** For a Will whose session ended with its connection: it is taken up, ends at once, and its Will is sent. */
export function endingSlot(clientId: string, now: number): SessionSlot {
  const slot = foreignSlot(clientId, now);
  return { ...slot, session: { ...slot.session, sessionExpiryInterval: 0 } };
}

function readSession(fields: ObjectFields): SessionRecord {
  return {
    clientId: fields.text('clientId'),
    protocolVersion: fields.oneOf('protocolVersion', [3, 4, 5]),
    sessionExpiryInterval: fields.number('sessionExpiryInterval'),
    createdAt: fields.number('createdAt'),
    disconnectedAt: fields.optionalNumber('disconnectedAt'),
    identity: fields.optionalText('identity'),
    groups: fields.has('groups') ? fields.texts('groups') : [],
    mountPoint: fields.text('mountPoint'),
  };
}

function readDelivery(item: unknown): [number, Delivery] {
  const [sequence, packetId, released]: unknown[] = Array.isArray(item) ? item : [];
  if (typeof sequence !== 'number' || typeof packetId !== 'number') {
    throw new Error('a delivery has to be a sequence number and a packet identifier');
  }
  return [sequence, { packetId, state: released === 1 ? 'released' : 'sent' }];
}

function readMatched(item: unknown): [string, MatchedFilter] {
  const [filter, topicFilter, shareName]: unknown[] = Array.isArray(item) ? item : [];
  if (typeof filter !== 'string' || typeof topicFilter !== 'string') {
    throw new Error('a matched filter has to be two filters');
  }
  return [filter, { topicFilter, shareName: typeof shareName === 'string' ? shareName : undefined }];
}
