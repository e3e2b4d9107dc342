import type { DiagnosticProperties } from '@carillon/protocol';
import { refusalFor } from '../store/refusal-for.ts';
import type { HeldBack } from '../store/turn.ts';
import type { Connection } from './connection.ts';

/** An answer to a PUBLISH or PUBREL of the client. */
export interface InboundAcknowledgement {
  readonly type: 'puback' | 'pubrec' | 'pubcomp';
  readonly packetId: number;
  readonly reasonCode: number;
  readonly properties?: DiagnosticProperties;
  /** What it acknowledges is stored already: it waits for the order's sake only. */
  readonly isRepeat?: true;
}

/**
 * Sends an acknowledgement when everything it stands for is stored: at once when this turn has nothing to
 * store and no earlier acknowledgement of the connection waits, otherwise with this turn's batch, in order.
 */
export function acknowledgeWhenStored(connection: Connection, answer: InboundAcknowledgement): void {
  const { turn } = connection.engine;
  if (connection.heldAcknowledgements === 0 && !turn.hasOperations) {
    sendAcknowledgement(connection, answer);
    return;
  }
  connection.heldAcknowledgements++;
  turn.hold(new HeldAcknowledgement(connection, answer));
}

class HeldAcknowledgement implements HeldBack {
  readonly #connection: Connection;
  readonly #answer: InboundAcknowledgement;

  constructor(connection: Connection, answer: InboundAcknowledgement) {
    this.#connection = connection;
    this.#answer = answer;
  }

  stored(): void {
    this.#connection.heldAcknowledgements--;
    sendAcknowledgement(this.#connection, this.#answer);
  }

  /** What could not be stored is refused; before MQTT 5.0 no answer can say so, and the connection ends. */
  failed(error: Error): void {
    this.#connection.heldAcknowledgements--;
    const { type, packetId, isRepeat } = this.#answer;
    // The exchange is over for the client whatever the store says; a repeated PUBREL is answered again.
    if (type === 'pubcomp' || isRepeat === true) {
      sendAcknowledgement(this.#connection, this.#answer);
      return;
    }
    const { reasonCode, reason } = refusalFor(error);
    if (this.#connection.terms.version !== 5) {
      // What the client sends again on its next connection is no repeat.
      if (type === 'pubrec') this.#connection.session?.inboundIds.delete(packetId);
      this.#connection.terminate(reasonCode, reason);
      return;
    }
    const properties = { reasonString: reason };
    sendAcknowledgement(this.#connection, { type, packetId, reasonCode, properties });
  }
}

function sendAcknowledgement(connection: Connection, answer: InboundAcknowledgement): void {
  const { type, packetId, reasonCode, properties } = answer;
  if (type === 'puback') connection.unacknowledgedQoS1--;
  if (type === 'pubrec' && reasonCode >= 0x80) {
    // The identifier is free again. [MQTT-4.3.3-9]
    connection.countedIds.delete(packetId);
    connection.session?.inboundIds.delete(packetId);
  }
  connection.acknowledge(type, packetId, reasonCode, properties);
}
