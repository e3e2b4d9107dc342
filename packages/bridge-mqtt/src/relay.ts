import { type AcknowledgementPacket, type PublishPacket, ReasonCode } from '@carillon/protocol';
import { BridgeError } from './bridge-error.ts';
import type { Peer } from './peer.ts';
import type { SwallowReason, Translated, Translation } from './translation.ts';

type Acknowledgement = AcknowledgementPacket<'puback' | 'pubrec' | 'pubrel' | 'pubcomp'>;

/** Who is told what a relay does. */
export interface RelayObserver {
  forwarded(bytes: number, stamp: string | undefined): void;
  swallowed(reason: SwallowReason, packet: PublishPacket): void;
  /** The receiver took it over; with a `stamp` it can be known again. */
  delivered(): void;
  /** The receiver refused it for good. */
  refused(reasonCode: number, stamp: string | undefined): void;
  /** A broker could not do its part this time: both connections have to be made anew, and both sides repeat. */
  troubled(error: BridgeError): void;
}

/** How a relay works. */
export interface RelayOptions {
  readonly source: Peer;
  readonly sink: Peer;
  readonly translation: Translation;
  /** QoS 1 and 2 messages that the sink takes at a time. */
  readonly window: number;
  /** Whether the sink knows nothing of what was sent to it before: then nothing is a repeat for it. */
  readonly sinkIsNew: boolean;
  /**
   * Whether the sink may have identifiers from a session that the source has lost since. A first sending (DUP 0) then
   * says that its identifier is free, and the sink is told so before. [MQTT-3.3.1-1]
   */
  readonly releaseFirst: boolean;
  readonly observer: RelayObserver;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsed: () => number;
  /** Told the bytes of each message; it may hold the source. */
  readonly spent: (bytes: number) => void;
}

interface Waiting {
  readonly packet: PublishPacket;
  readonly since: number;
}

/** What is going on under an identifier, where it is more than passing on. */
interface Flight {
  /** The source waits for what QoS it sent, the sink got this one. */
  readonly sourceQoS: 1 | 2;
  readonly sinkQoS: 1 | 2;
  readonly stamp: string | undefined;
}

/**
 * Passes QoS 0, 1 and 2 from one broker to another, identifiers and acknowledgements as they are:
 *
 *     source   PUBLISH N ─►        ─► PUBLISH N   sink
 *              PUBREC N  ◄─ relay  ◄─ PUBREC N
 *              PUBREL N  ─►        ─► PUBREL N
 *              PUBCOMP N ◄─        ◄─ PUBCOMP N
 *
 * It keeps nothing that has to survive: who has not been answered repeats, under the same identifier, and the
 * other side knows it again. What is here dies with the two connections.
 */
export class Relay {
  readonly #options: RelayOptions;
  /** What the sink has and has not finished on this connection. */
  readonly #flights = new Map<number, Flight>();
  /** QoS 1 and 2 that find the window closed. At most what the source may have unfinished. */
  readonly #waiting: Waiting[] = [];
  /** Identifiers whose PUBREL is answered here: the sink never had them at QoS 2. */
  readonly #releasedHere = new Set<number>();
  /** Identifiers that the sink was told to release before their first use; its PUBCOMP is for nobody. */
  readonly #releasing = new Set<number>();
  /** Identifiers that have been used on this connection. */
  readonly #used = new Set<number>();

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Messages that the sink has not finished. */
  get inflight(): number {
    return this.#flights.size + this.#waiting.length;
  }

  // --- from the source

  publish(packet: PublishPacket): void {
    if (packet.qos === 0 || this.#hasRoom) this.#forward(packet, 0);
    else this.#waiting.push({ packet, since: this.#options.elapsed() });
    if (this.#options.sink.isCongested) this.#options.source.hold('sink is congested');
  }

  pubrel({ packetId }: Acknowledgement): void {
    if (this.#releasedHere.delete(packetId)) this.#answer('pubcomp', packetId);
    else this.#options.sink.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
  }

  // --- from the sink

  puback({ packetId, reasonCode }: Acknowledgement): void {
    const flight = this.#flights.get(packetId);
    if (flight?.sinkQoS !== 1 || !this.#accepts(packetId, reasonCode)) return;
    if (flight.sourceQoS === 1) this.#answer('puback', packetId, reasonCode);
    else this.#releaseHere(packetId, reasonCode);
    this.#pump();
  }

  pubrec({ packetId, reasonCode }: Acknowledgement): void {
    if (reasonCode < 0x80) {
      this.#answer('pubrec', packetId, reasonCode);
      return;
    }
    if (!this.#accepts(packetId, reasonCode)) return;
    this.#releaseHere(packetId, reasonCode);
    this.#pump();
  }

  pubcomp({ packetId }: Acknowledgement): void {
    if (this.#releasing.delete(packetId)) return;
    if (this.#flights.delete(packetId)) this.#options.observer.delivered();
    this.#answer('pubcomp', packetId);
    this.#pump();
  }

  /** The sink has taken what was sent. */
  drained(): void {
    this.#options.source.release('sink is congested');
  }

  get #hasRoom(): boolean {
    return this.#flights.size < this.#options.window && this.#waiting.length === 0;
  }

  #pump(): void {
    while (this.#flights.size < this.#options.window) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#forward(next.packet, (this.#options.elapsed() - next.since) / 1000);
    }
  }

  #forward(packet: PublishPacket, waited: number): void {
    const translated = this.#options.translation.translate(packet, waited);
    if (typeof translated === 'string') this.#swallow(packet, translated);
    else this.#pass(packet, translated);
  }

  #pass({ packetId, qos: sourceQoS, dup }: PublishPacket, { packet, bytes, stamp }: Translated): void {
    const { sink, sinkIsNew, observer, spent } = this.#options;
    const { qos: sinkQoS } = packet;
    if (sourceQoS !== 0 && sinkQoS !== 0) {
      if (sinkQoS === 2 && !dup) this.#releaseBeforeUse(packetId);
      this.#used.add(packetId);
      this.#flights.set(packetId, { sourceQoS, sinkQoS, stamp });
    }
    if (packet.dup && sinkIsNew) sink.send({ ...packet, dup: false });
    else sink.sendBytes(bytes);
    observer.forwarded(bytes.length, stamp);
    spent(bytes.length);
    if (sinkQoS !== 0) return;
    observer.delivered();
    this.#acknowledgeHere(packetId, sourceQoS);
  }

  #releaseBeforeUse(packetId: number): void {
    if (!this.#options.releaseFirst || this.#used.has(packetId)) return;
    this.#releasing.add(packetId);
    this.#options.sink.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
  }

  #swallow(packet: PublishPacket, reason: SwallowReason): void {
    this.#options.observer.swallowed(reason, packet);
    this.#acknowledgeHere(packet.packetId, packet.qos);
  }

  #acknowledgeHere(packetId: number, qos: 0 | 1 | 2): void {
    if (qos === 1) this.#answer('puback', packetId);
    if (qos === 2) this.#releaseHere(packetId, ReasonCode.Success);
  }

  /** The source sent QoS 2 and the sink has no part in it any more. A refusal ends it at once, where it can be said. */
  #releaseHere(packetId: number, reasonCode: number): void {
    this.#answer('pubrec', packetId, reasonCode);
    if (reasonCode < 0x80 || this.#options.source.version !== 5) this.#releasedHere.add(packetId);
  }

  /** The sink is done with it; false when it only could not take it this time. */
  #accepts(packetId: number, reasonCode: number): boolean {
    const { observer } = this.#options;
    if (isPassing(reasonCode)) {
      const hex = reasonCode.toString(16).toUpperCase();
      observer.troubled(
        new BridgeError(
          'BRIDGE_MESSAGE_NOT_TAKEN',
          `the receiving broker could not take a message (0x${hex})`,
        ),
      );
      return false;
    }
    const flight = this.#flights.get(packetId);
    this.#flights.delete(packetId);
    if (reasonCode < 0x80) observer.delivered();
    else observer.refused(reasonCode, flight?.stamp);
    return true;
  }

  #answer(
    type: 'puback' | 'pubrec' | 'pubcomp',
    packetId: number,
    reasonCode: number = ReasonCode.Success,
  ): void {
    const { source } = this.#options;
    const code = source.version === 5 ? reasonCode : ReasonCode.Success;
    source.send({ type, packetId, reasonCode: code, properties: {} });
  }
}

/** Refusals of the moment: a store that failed, a quota that is used up. The same message may be taken later. */
function isPassing(reasonCode: number): boolean {
  return (
    reasonCode === ReasonCode.UnspecifiedError ||
    reasonCode === ReasonCode.ImplementationSpecificError ||
    reasonCode === ReasonCode.QuotaExceeded
  );
}
