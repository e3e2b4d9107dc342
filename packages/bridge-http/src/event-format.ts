import { isUtf8 } from 'node:buffer';
import type { MessageProperties, PublishPacket } from '@carillon/protocol';

/** Why a reader may have missed something. */
export type GapReason =
  /** The reader has been away for too long, or the broker was restarted and had nothing stored. */
  | 'expired'
  /** More was lost on the way to the reader than is kept for a second time. */
  | 'overrun'
  /** The broker dropped messages: of QoS 0 while the reader was away or slow, or beyond its limits for queues. */
  | 'dropped'
  /** The broker was restarted: what waited was kept, what was on its way to the reader may be lost. */
  | 'restarted';

/** The data of an event `gap`. */
export interface GapData {
  readonly reason: GapReason;
  /** How many messages were missed; `null` when nobody knows. */
  readonly missed: number | null;
}

/** The data of an event `message`. */
export interface EventData {
  readonly topic: string;
  /** Text where the payload is UTF-8, otherwise base64. */
  readonly payload: string;
  readonly encoding: 'utf8' | 'base64';
  readonly qos: 0 | 1 | 2;
  /** It was retained before the stream began, rather than published since. */
  readonly retain: boolean;
  readonly properties: EventProperties;
}

/** As in the packet, but for bytes, which are base64. */
export type EventProperties = Omit<MessageProperties, 'correlationData'> & { correlationData?: string };

export function eventData({ topic, payload, qos, retain, properties }: PublishPacket): EventData {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
  const { topicAlias: _, subscriptionIdentifiers: __, correlationData, ...others } = properties;
  return {
    topic,
    payload: bytes.toString(encoding),
    encoding,
    qos,
    retain,
    properties: {
      ...others,
      ...(correlationData === undefined
        ? {}
        : { correlationData: Buffer.from(correlationData).toString('base64') }),
    },
  };
}

/** JSON has no line breaks: one line is enough. */
export function eventFrame(id: string, event: string | undefined, data: object): Buffer {
  const name = event === undefined ? '' : `event: ${event}\n`;
  return Buffer.from(`id: ${id}\n${name}data: ${JSON.stringify(data)}\n\n`);
}

/** Names a stream and a place in it. */
export function eventId(token: string, number: number): string {
  return `${token}.${number}`;
}

/** Undefined for what is no id of ours. */
export function readEventId(id: string | undefined): { token: string; number: number } | undefined {
  const { token, number } = /^(?<token>[A-Za-z0-9_-]{22})\.(?<number>\d{1,15})$/.exec(id ?? '')?.groups ?? {};
  return token === undefined ? undefined : { token, number: Number(number) };
}
