import type { Broker, ByteChannel, ChannelReceiver } from '@carillon/hooks';
import {
  encode,
  type Packet,
  PacketReader,
  type PublishPacket,
  ReasonCode,
  reasonCodeName,
} from '@carillon/protocol';
import { WebhookError } from './webhook-error.ts';

const never = 0xffff_ffff;
/** The broker's own limit stands before it. */
const maximumPacketSize = 268_435_460;

/** Whom the session tells. */
export interface QueueListener {
  arrived(packet: PublishPacket): void;
  /** Once, however it came about. */
  ended(error: WebhookError): void;
}

/** What the session subscribes to. */
export interface QueueWishes {
  readonly filters: readonly string[];
  readonly qos: 0 | 1;
  /** Whether what is retained is sent when a filter is new. */
  readonly retained: boolean;
  /** QoS 1 messages that may be out of the queue and not acknowledged. */
  readonly window: number;
}

/**
 * A webhook's own session in its broker, which never expires: messages wait there with the broker's durability and
 * limits until they are acknowledged. Spoken over bytes of MQTT 5.0, as with any client.
 */
export class QueueSession implements ChannelReceiver {
  readonly #broker: Broker;
  readonly #clientId: string;
  readonly #listener: QueueListener;
  readonly #channel: ByteChannel;
  readonly #reader = new PacketReader({ protocolVersion: 5, maximumPacketSize });
  #isHeld = false;
  #isReading = false;
  #isTakenUp = false;
  #isOver = false;
  #answered: (packet: Packet) => void = () => {};
  #failed: (error: WebhookError) => void = () => {};

  constructor(broker: Broker, clientId: string, listener: QueueListener) {
    this.#broker = broker;
    this.#clientId = clientId;
    this.#listener = listener;
    this.#channel = broker.connectInProcess({ clientId });
    this.#channel.open(this);
  }

  /**
   * Connects, which waits until the broker runs, and brings the subscriptions into line. Messages arrive from the
   * connection on.
   *
   * @throws {WebhookError} `WEBHOOK_LOCAL_REFUSED`
   */
  async begin({ filters, qos, retained, window }: QueueWishes): Promise<void> {
    const connack = await this.#ask({
      type: 'connect',
      protocolVersion: 5,
      bridge: false,
      clientId: this.#clientId,
      cleanStart: false,
      keepAlive: 0,
      properties: { sessionExpiryInterval: never, receiveMaximum: window },
    });
    if (connack.type !== 'connack' || connack.reasonCode !== ReasonCode.Success) {
      const why = connack.type === 'connack' ? reasonCodeName(connack.reasonCode) : connack.type;
      throw refused(`this broker does not take the session "${this.#clientId}": ${why}`);
    }
    this.#isTakenUp = true;
    const old = this.#broker.subscriptions(this.#clientId).map(({ filter }) => filter);
    const gone = old.filter((filter) => !filters.includes(filter));
    if (gone.length > 0) {
      await this.#ask({ type: 'unsubscribe', packetId: 1, filters: gone, properties: {} });
    }
    const suback = await this.#ask({
      type: 'subscribe',
      packetId: 2,
      subscriptions: filters.map((filter) => ({
        filter,
        qos,
        noLocal: false,
        retainAsPublished: true,
        retainHandling: retained ? 1 : 2,
      })),
      properties: {},
    });
    const codes = suback.type === 'suback' ? suback.reasonCodes : [];
    const denied = codes.findIndex((code) => code >= 0x80);
    if (denied === -1) return;
    const why = reasonCodeName(codes[denied] ?? 0);
    throw refused(`this broker does not grant the subscription "${filters[denied]}": ${why}`);
  }

  /** The message is settled; a reason code of 0x80 or above has the broker tell the hook `dropped`. */
  acknowledge(packetId: number, reasonCode: number = ReasonCode.Success): void {
    this.#send({ type: 'puback', packetId, reasonCode, properties: {} });
  }

  /** Takes nothing more for now: QoS 0 has no window, and what cannot be sent on is to stay with the broker. */
  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#channel.pause();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#read();
    if (!this.#isHeld) this.#channel.resume();
  }

  /** Leaves in order; the session stays. Where the broker has not taken it up, it is as though nobody had come. */
  close(): void {
    if (this.#isTakenUp) {
      this.#send({ type: 'disconnect', reasonCode: ReasonCode.Success, properties: {} });
      this.#channel.end();
      // The broker does not read from a client that does not take what it is sent.
      this.#channel.resume();
    } else this.#channel.destroy();
    this.#over(refused('the webhook has left'));
  }

  received(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#reader.feed(chunk);
    this.#read();
  }

  drained(): void {}

  closed(): void {
    this.#over(refused('this broker has ended the session'));
  }

  #ask(packet: Packet): Promise<Packet> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) {
        reject(refused('this broker has ended the session'));
        return;
      }
      this.#answered = resolve;
      this.#failed = reject;
      this.#send(packet);
    });
  }

  #send(packet: Packet): void {
    if (!this.#isOver) this.#channel.write([encode(packet, 5)]);
  }

  #read(): void {
    // Who is told of a message may hold or release.
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (!this.#isHeld && !this.#isOver) {
        const packet = this.#reader.next();
        if (packet === undefined) break;
        this.#take(packet);
      }
    } finally {
      this.#isReading = false;
    }
  }

  #take(packet: Packet): void {
    if (packet.type === 'publish') this.#listener.arrived(packet);
    else if (packet.type === 'disconnect') {
      this.#channel.destroy();
      this.#over(refused(`this broker has ended the session: ${reasonCodeName(packet.reasonCode)}`));
    } else this.#answered(packet);
  }

  #over(error: WebhookError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failed(error);
    this.#listener.ended(error);
  }
}

function refused(why: string): WebhookError {
  return new WebhookError('WEBHOOK_LOCAL_REFUSED', why);
}
