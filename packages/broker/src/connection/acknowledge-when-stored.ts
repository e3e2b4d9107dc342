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
  /** What it acknowledges came before, and is stored already, or with an earlier batch that is under way. */
  readonly isRepeat?: true;
}

/**
 * Sends an acknowledgement when everything it stands for is stored: at once when this turn has nothing to
 * store and no earlier acknowledgement of the connection waits, otherwise with this turn's batch, in order.
 */
export function acknowledgeWhenStored(connection: Connection, answer: InboundAcknowledgement): void {
  const { turn } = connection.engine;
  const isStored = answer.isRepeat === true ? turn.isQuiet : !turn.hasOperations;
  if (connection.heldAcknowledgements === 0 && isStored) {
    sendAcknowledgement(connection, answer);
    return;
  }
  connection.heldAcknowledgements++;
  turn.hold(new HeldAcknowledgement(connection, answer));
}

const wasNotStored = new Error('the message of an earlier connection could not be stored');

class HeldAcknowledgement implements HeldBack {
  readonly #connection: Connection;
  readonly #answer: InboundAcknowledgement;

  constructor(connection: Connection, answer: InboundAcknowledgement) {
    this.#connection = connection;
    this.#answer = answer;
  }

  stored(): void {
    const { type, packetId, isRepeat } = this.#answer;
    const { session } = this.#connection;
    if (type === 'pubrec' && isRepeat === true && session?.inboundIds.has(packetId) === false) {
      this.#refuse(wasNotStored);
      return;
    }
    this.#connection.heldAcknowledgements--;
    sendAcknowledgement(this.#connection, this.#answer);
  }

  /** What could not be stored is refused. */
  failed(error: Error): void {
    const { type, packetId, isRepeat } = this.#answer;
    const { engine, session } = this.#connection;
    if (type === 'pubcomp') {
      // Should the broker die now, it would take the client's next message with this identifier for a repeat.
      engine.turn.whenCaughtUp(() => this.stored());
    } else if (isRepeat === true && session?.inboundIds.has(packetId) === true) this.stored();
    else this.#refuse(error);
  }

  /** Before MQTT 5.0 no answer can say so, and the connection ends. */
  #refuse(error: Error): void {
    this.#connection.heldAcknowledgements--;
    const { type, packetId } = this.#answer;
    const { reasonCode, reason } = refusalFor(error);
    if (this.#connection.terms.version !== 5) {
      // What the client sends again on its next connection is no repeat.
      if (type === 'pubrec') freeIdentifier(this.#connection, packetId);
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
    freeIdentifier(connection, packetId);
  }
  connection.acknowledge(type, packetId, reasonCode, properties);
}

/** The store forgets it too: it may have the batch that it said had failed. */
function freeIdentifier({ engine, session }: Connection, packetId: number): void {
  if (session?.inboundIds.delete(packetId) !== true || !session.isStored) return;
  engine.turn.undo({ do: 'deleteInboundId', clientId: session.clientId, packetId });
}
