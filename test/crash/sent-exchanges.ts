import type { PubackPacket, PubcompPacket, PubrecPacket } from '@carillon/protocol';
import type { PacketDraft } from '@carillon/testkit';
import { describe, type SentMessage, type TrafficRecord } from './traffic-record.ts';

interface Exchange {
  readonly message: SentMessage;
  readonly packetId: number;
  /** What is to be said (again) on the next connection. */
  state: 'PUBLISH' | 'PUBREL';
}

/** A publisher's side of QoS 1 and 2: its part of the session's state. */
export class SentExchanges {
  readonly #record: TrafficRecord;
  /** By packet identifier, in the order of sending. */
  readonly #exchanges = new Map<number, Exchange>();

  constructor(record: TrafficRecord) {
    this.#record = record;
  }

  get isEmpty(): boolean {
    return this.#exchanges.size === 0;
  }

  uses(packetId: number): boolean {
    return this.#exchanges.has(packetId);
  }

  begin(message: SentMessage, packetId: number): PacketDraft {
    const exchange: Exchange = { message, packetId, state: 'PUBLISH' };
    this.#exchanges.set(packetId, exchange);
    return publishOf(exchange, false);
  }

  /** In the original order. [MQTT-4.4.0-1] [MQTT-4.6.0-1] */
  toResend(): PacketDraft[] {
    return Array.from(this.#exchanges.values(), (exchange) =>
      exchange.state === 'PUBLISH'
        ? publishOf(exchange, true)
        : { type: 'pubrel', packetId: exchange.packetId },
    );
  }

  answered({
    type,
    packetId,
    reasonCode,
  }: PubackPacket | PubrecPacket | PubcompPacket): PacketDraft | undefined {
    const exchange = this.#exchanges.get(packetId);
    if (exchange === undefined || !fits(type, exchange)) {
      this.#record.faults.push(`${type.toUpperCase()} ${packetId} answers nothing that was sent`);
      return undefined;
    }
    const { message } = exchange;
    if (type === 'pubcomp') {
      this.#exchanges.delete(packetId);
      return undefined;
    }
    if (reasonCode >= 0x80) {
      if (message.outcome === 'acknowledged') {
        this.#record.faults.push(`${describe(message)} was acknowledged and then refused`);
      }
      message.outcome = 'refused';
      this.#exchanges.delete(packetId);
      return undefined;
    }
    this.#record.acknowledged(message);
    if (type === 'puback') {
      this.#exchanges.delete(packetId);
      return undefined;
    }
    exchange.state = 'PUBREL';
    return { type: 'pubrel', packetId };
  }

  /** The session is lost, and with it the exchanges. */
  abandon(): void {
    for (const { message } of this.#exchanges.values()) {
      if (message.outcome === 'open') message.outcome = 'abandoned';
    }
    this.#exchanges.clear();
  }
}

function fits(type: 'puback' | 'pubrec' | 'pubcomp', { message, state }: Exchange): boolean {
  if (type === 'puback') return message.qos === 1;
  return message.qos === 2 && (type === 'pubrec' || state === 'PUBREL');
}

function publishOf({ message, packetId }: Exchange, dup: boolean): PacketDraft {
  const { topic, qos, retain, number } = message;
  return { type: 'publish', topic, qos, retain, dup, packetId, payload: String(number) };
}
