import type {
  Broker,
  ClientView,
  DeliverEvent,
  MessageChanges,
  PublishEvent,
  Refusal,
  Registration,
} from '@carillon/hooks';
import type { Message } from '@carillon/persistence';
import { ReasonCode } from '@carillon/protocol';
import { readBrokerId, readPath, withPath } from './path.ts';
import { makeStamp, type SeenMessages } from './seen-messages.ts';

/** Says to a bridge that its message is here already. */
export const seenReasonCode = ReasonCode.PacketIdentifierInUse;

/**
 * Where brokers form a ring, a message comes by two ways. Two hooks see to it that it is taken once: one stamps what
 * leaves by more than one bridge, so that both copies can be known for the same; the other refuses the second copy
 * when it comes from a bridge that connects here. They are in force only while there are such bridges: a broker with
 * one bridge pays for neither.
 */
export class SeveralWays {
  readonly #broker: Broker;
  readonly #seen: SeenMessages;
  /** Client ids of sessions that are other brokers' bridges, connected or not. */
  readonly #neighbours = new Set<string>();
  /** Client ids of this broker's own sessions that take messages out. */
  readonly #ownOut = new Set<string>();
  readonly #stamps = new WeakMap<Message, string>();
  #origin: string | undefined = undefined;
  #brokerId = '';
  #count = 0;
  #stamping: Registration | undefined = undefined;
  #refusing: Registration | undefined = undefined;

  constructor(broker: Broker, seen: SeenMessages) {
    this.#broker = broker;
    this.#seen = seen;
  }

  /** @param epoch Tells the numbers of this run from those of an earlier one. */
  begin(brokerId: string, epoch: string): void {
    this.#brokerId = brokerId;
    this.#origin = `${brokerId}.${epoch}`;
    this.#arrange();
  }

  end(): void {
    this.#ownOut.clear();
    this.#neighbours.clear();
    this.#arrange();
  }

  clientConnected(client: ClientView): void {
    if (readBrokerId(client.userProperties) === undefined) return;
    this.#neighbours.add(client.id);
    this.#arrange();
  }

  sessionEnded(clientId: string): void {
    if (!this.#neighbours.delete(clientId)) return;
    this.#seen.forgetWay(wayOf(clientId));
    this.#arrange();
  }

  bridgeAdded(outName: string): void {
    this.#ownOut.add(outName);
    this.#arrange();
  }

  bridgeRemoved(outName: string): void {
    this.#ownOut.delete(outName);
    this.#arrange();
  }

  #arrange(): void {
    const wantsStamps = this.#origin !== undefined && this.#ownOut.size + this.#neighbours.size > 1;
    const wantsRefusal = this.#origin !== undefined && this.#neighbours.size > 0;
    if (wantsStamps) this.#stamping ??= this.#broker.use(this.#stampingPlugin());
    else this.#stamping = leave(this.#stamping);
    if (wantsRefusal) this.#refusing ??= this.#broker.use(this.#refusingPlugin());
    else this.#refusing = leave(this.#refusing);
  }

  #stampingPlugin() {
    return {
      name: 'bridge-mqtt: stamps',
      hooks: {
        // First of all: the same message has to be the same object for every receiver.
        rewriteDeliver: { priority: 1_000_000, handler: (event: DeliverEvent) => this.#stamp(event) },
      },
    };
  }

  #refusingPlugin() {
    return {
      name: 'bridge-mqtt: second copies',
      hooks: { commitPublish: (event: PublishEvent) => this.#refuseSecond(event) },
    };
  }

  #stamp({ message, clientId }: DeliverEvent): MessageChanges | undefined {
    if (!this.#neighbours.has(clientId) && !this.#ownOut.has(clientId)) return undefined;
    const { properties } = message;
    const path = readPath(properties.userProperties);
    if (path.stamp !== undefined) return undefined;
    const stamp = this.#stamps.get(message) ?? makeStamp(this.#origin ?? '', ++this.#count);
    this.#stamps.set(message, stamp);
    return {
      properties: { ...properties, userProperties: withPath(properties.userProperties, { ...path, stamp }) },
    };
  }

  #refuseSecond({ message, client }: PublishEvent): Refusal | undefined {
    if (client === undefined || !this.#neighbours.has(client.id)) return undefined;
    const { brokers, stamp } = readPath(message.properties.userProperties);
    const isSecond = stamp !== undefined && this.#seen.isSeen(stamp, wayOf(client.id));
    if (!isSecond && !brokers.includes(this.#brokerId)) return undefined;
    return { allow: false, reasonCode: seenReasonCode, reasonString: 'the message is here already' };
  }
}

function wayOf(clientId: string): string {
  return `client:${clientId}`;
}

function leave(registration: Registration | undefined): undefined {
  registration?.[Symbol.dispose]();
  return undefined;
}
