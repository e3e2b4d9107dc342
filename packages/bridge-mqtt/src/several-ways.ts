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
 * when it comes from a bridge that connects here. A third one marks what comes over MQTT 3.1.1, where an own bridge is to
 * carry only what did not come by one. They are in force only while there are such bridges: a broker with one bridge
 * pays for none.
 */
export class SeveralWays {
  readonly #broker: Broker;
  readonly #seen: SeenMessages;
  /** Client ids of sessions that are other brokers' bridges, connected or not. */
  readonly #neighbours = new Set<string>();
  /** This broker's own bridges that take messages out, by the names of the sessions that do. */
  readonly #ownOut = new Map<string, string>();
  #bridges = 0;
  /** Own bridges that carry only what did not come by a bridge itself. */
  readonly #oneHop = new Set<string>();
  /** Client ids of bridges that speak MQTT 3.1.1, whose messages do not say where they have been. */
  readonly #silent = new Set<string>();
  #marking: Registration | undefined = undefined;
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
    this.#bridges = 0;
    this.#oneHop.clear();
    this.#silent.clear();
    this.#neighbours.clear();
    this.#arrange();
  }

  clientConnected(client: ClientView): void {
    if (client.bridge) this.#silent.add(client.id);
    else if (readBrokerId(client.userProperties) !== undefined) this.#neighbours.add(client.id);
    else return;
    this.#arrange();
  }

  sessionEnded(clientId: string): void {
    if (this.#neighbours.delete(clientId)) this.#seen.forgetWay(wayOf(clientId));
    else if (!this.#silent.delete(clientId)) return;
    this.#arrange();
  }

  /** @param sessions That take its messages out: one for each connection. */
  bridgeAdded(bridge: string, sessions: readonly string[], maximumHops: number): void {
    for (const session of sessions) this.#ownOut.set(session, bridge);
    if (maximumHops === 1) this.#oneHop.add(bridge);
    this.#bridgesChanged();
  }

  bridgeRemoved(bridge: string): void {
    this.#oneHop.delete(bridge);
    for (const [session, owner] of this.#ownOut) if (owner === bridge) this.#ownOut.delete(session);
    this.#bridgesChanged();
  }

  #bridgesChanged(): void {
    this.#bridges = new Set(this.#ownOut.values()).size;
    this.#arrange();
  }

  #arrange(): void {
    const wantsStamps = this.#origin !== undefined && this.#bridges + this.#neighbours.size > 1;
    const wantsRefusal = this.#origin !== undefined && this.#neighbours.size > 0;
    if (wantsStamps) this.#stamping ??= this.#broker.use(this.#stampingPlugin());
    else this.#stamping = leave(this.#stamping);
    if (wantsRefusal) this.#refusing ??= this.#broker.use(this.#refusingPlugin());
    else this.#refusing = leave(this.#refusing);
    // Where two hops are allowed one that is not counted changes nothing.
    const wantsMarks = this.#origin !== undefined && this.#silent.size > 0 && this.#oneHop.size > 0;
    if (wantsMarks) this.#marking ??= this.#broker.use(this.#markingPlugin());
    else this.#marking = leave(this.#marking);
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

  #markingPlugin() {
    return {
      name: 'bridge-mqtt: ways not told',
      hooks: { rewritePublish: (event: PublishEvent) => this.#mark(event) },
    };
  }

  /** A message of a bridge that says nothing of its way has come at least that one. */
  #mark({ message, client }: PublishEvent): MessageChanges | undefined {
    if (client?.bridge !== true) return undefined;
    const { properties } = message;
    const way = { brokers: [nameOfBridge(client.id, this.#brokerId)], stamp: undefined };
    return { properties: { ...properties, userProperties: withPath(properties.userProperties, way) } };
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

/** No broker is called so. */
function nameOfBridge(clientId: string, brokerId: string): string {
  return `${clientId.replaceAll(/[^\w.:-]/g, '-').slice(0, 60)}@${brokerId}`;
}

function wayOf(clientId: string): string {
  return `client:${clientId}`;
}

function leave(registration: Registration | undefined): undefined {
  registration?.[Symbol.dispose]();
  return undefined;
}
