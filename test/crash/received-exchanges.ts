import type { PublishPacket } from '@carillon/protocol';
import type { PacketDraft } from '@carillon/testkit';
import type { SubscriberRecord } from './traffic-record.ts';

/** A subscriber's side of QoS 1 and 2: its part of the session's state. */
export class ReceivedExchanges {
  readonly #subscriber: SubscriberRecord;
  /** QoS 2 messages that were taken over, until PUBREL. */
  readonly #open = new Set<number>();

  constructor(subscriber: SubscriberRecord) {
    this.#subscriber = subscriber;
  }

  publish({ topic, qos, retain, packetId }: PublishPacket, number: number): PacketDraft | undefined {
    if (qos === 2 && this.#open.has(packetId)) return { type: 'pubrec', packetId };
    // A retained message is another copy of one that may have come, or may yet come, live.
    if (!retain) this.#subscriber.deliveries.push({ number, qos, topic });
    if (qos === 0) return undefined;
    if (qos === 1) return { type: 'puback', packetId };
    this.#open.add(packetId);
    return { type: 'pubrec', packetId };
  }

  pubrel(packetId: number): PacketDraft {
    this.#open.delete(packetId);
    return { type: 'pubcomp', packetId };
  }

  /** The session is lost. */
  forget(): void {
    this.#open.clear();
  }
}
