import type { Broker } from '@carillon/hooks';
import { type PublishPacket, ReasonCode, reasonCodeName } from '@carillon/protocol';
import { MqttClient } from '../mqtt-client.ts';
import { WebhookError } from './webhook-error.ts';

const never = 0xffff_ffff;

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
 * limits until they are acknowledged.
 */
export class QueueSession {
  readonly #broker: Broker;
  readonly #clientId: string;
  readonly #listener: QueueListener;
  readonly #client: MqttClient;
  #isTakenUp = false;
  #end: WebhookError | undefined = undefined;

  constructor(broker: Broker, clientId: string, listener: QueueListener) {
    this.#broker = broker;
    this.#clientId = clientId;
    this.#listener = listener;
    this.#client = new MqttClient(broker.connectInProcess({ clientId }));
    this.#client.onMessage = (message) => listener.arrived(message);
    this.#client.onEnd = ({ reasonCode }) => {
      const why = reasonCode === undefined ? '' : `: ${reasonCodeName(reasonCode)}`;
      this.#over(refused(`this broker has ended the session${why}`));
    };
  }

  /**
   * Connects, which waits until the broker runs, and brings the subscriptions into line. Messages arrive from the
   * connection on.
   *
   * @throws {WebhookError} `WEBHOOK_LOCAL_REFUSED`
   */
  async begin(wishes: QueueWishes): Promise<void> {
    try {
      await this.#connect(wishes.window);
      this.#isTakenUp = true;
      this.#client.release();
      await this.#subscribe(wishes);
    } catch (error) {
      throw this.#end ?? error;
    }
  }

  /** The message is settled; a reason code of 0x80 or above has the broker tell the hook `dropped`. */
  acknowledge(packetId: number, reasonCode: number): void {
    this.#client.acknowledge(packetId, reasonCode);
  }

  /** Takes nothing more for now: QoS 0 has no window, and what cannot be sent on is to stay with the broker. */
  hold(): void {
    this.#client.hold();
  }

  release(): void {
    this.#client.release();
  }

  /** Leaves in order; the session stays. Where the broker has not taken it up, it is as though nobody had come. */
  close(): void {
    if (this.#isTakenUp) this.#client.leave();
    else this.#client.drop();
    this.#over(refused('the webhook has left'));
  }

  async #connect(receiveMaximum: number): Promise<void> {
    const { reasonCode } = await this.#client.connect({
      type: 'connect',
      protocolVersion: 5,
      bridge: false,
      clientId: this.#clientId,
      cleanStart: false,
      keepAlive: 0,
      properties: { sessionExpiryInterval: never, receiveMaximum },
    });
    if (reasonCode === ReasonCode.Success) return;
    throw refused(`this broker does not take the session "${this.#clientId}": ${reasonCodeName(reasonCode)}`);
  }

  async #subscribe({ filters, qos, retained }: QueueWishes): Promise<void> {
    const old = this.#broker.subscriptions(this.#clientId).map(({ filter }) => filter);
    const gone = old.filter((filter) => !filters.includes(filter));
    if (gone.length > 0) await this.#client.unsubscribe(gone);
    const { reasonCodes } = await this.#client.subscribe(
      filters.map((filter) => ({
        filter,
        qos,
        noLocal: false,
        retainAsPublished: true,
        retainHandling: retained ? 1 : 2,
      })),
    );
    const denied = reasonCodes.findIndex((code) => code >= 0x80);
    if (denied === -1) return;
    const why = reasonCodeName(reasonCodes[denied] ?? 0);
    throw refused(`this broker does not grant the subscription "${filters[denied]}": ${why}`);
  }

  #over(end: WebhookError): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#listener.ended(end);
  }
}

function refused(why: string): WebhookError {
  return new WebhookError('WEBHOOK_LOCAL_REFUSED', why);
}
