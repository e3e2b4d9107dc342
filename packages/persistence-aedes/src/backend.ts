import { asError } from '@carillon/hooks/checks';
import { type AedesPacket, emptyPacket, nameOf, readPacket, type StoredPacket } from './aedes-packet.ts';
import { brokerId } from './broker-ids.ts';
import type { Instance } from './instance.ts';
import { LocalBroker } from './local-broker.ts';
import { allSideBySide } from './side-by-side.ts';

/** A subscription as Aedes stores it. */
export interface AedesSubscription {
  readonly topic: string;
  readonly qos: number;
  readonly nl?: boolean;
  readonly rap?: boolean;
  readonly rh?: number;
  readonly subscriptionIdentifier?: number;
}

/** What is read of a store, live or a folder that Aedes left. Client ids are as the store has them. */
export interface Readable {
  /** Packets that cannot be read are yielded as the error that says why. */
  queue(id: string): AsyncIterable<StoredPacket | Error>;
  retained(): AsyncIterable<StoredPacket | Error>;
  wills(): AsyncIterable<StoredPacket | Error>;
  subscriptions(id: string): Promise<readonly unknown[]>;
  /** The packet in a slot; undefined when there is none. */
  slot(id: string, number: number): Promise<StoredPacket | undefined>;
}

/** Names a packet in a client's queue. */
export interface PacketName {
  readonly brokerId: string;
  readonly brokerCounter: number;
}

/** Identifiers that no packet in flight has: they are given to packets that are about to be removed. */
export const firstDoomedId = 0x2_0000;

/** Packets that are taken out side by side. */
const atOnce = 32;

/** The calls of aedes-persistence that the store makes, typed, and with their quirks taken off. */
export class Backend implements Readable {
  readonly #instance: Instance;
  #doomed = firstDoomedId;
  /** Whether a slot or a Will has to be deleted before it is written anew; see `probes.ts`. */
  slotsReplace = true;
  willsReplace = true;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  setUp(): Promise<void> {
    return this.#instance.setUp(new LocalBroker());
  }

  async destroy(): Promise<void> {
    if (this.#instance.has('destroy')) await this.#instance.call('destroy');
  }

  // --- sessions and subscriptions

  async *clientsWith(topic: string): AsyncGenerator<string> {
    for await (const id of this.#instance.stream('getClientList', topic)) {
      if (typeof id === 'string') yield id;
    }
  }

  async subscriptions(id: string): Promise<readonly unknown[]> {
    const found = await this.#instance.call('subscriptionsByClient', { id });
    return Array.isArray(found) ? found : [];
  }

  async addSubscriptions(id: string, subscriptions: readonly AedesSubscription[]): Promise<void> {
    if (subscriptions.length > 0) await this.#instance.call('addSubscriptions', { id }, subscriptions);
  }

  async removeSubscriptions(id: string, topics: readonly string[]): Promise<void> {
    if (topics.length > 0) await this.#instance.call('removeSubscriptions', { id }, topics);
  }

  async cleanSubscriptions(id: string): Promise<void> {
    await this.#instance.call('cleanSubscriptions', { id });
  }

  // --- queues

  queue(id: string): AsyncGenerator<StoredPacket | Error> {
    return readPackets(this.#instance.stream('outgoingStream', { id }));
  }

  async enqueue(id: string, packet: AedesPacket): Promise<void> {
    await this.#instance.call('outgoingEnqueue', { clientId: id }, packet);
  }

  /**
   * Takes a packet out of a queue, if it is there. Only packets with an identifier can be taken out, so it gets
   * one first. That replaces what is stored, except in memory, so `content` is what others who share the
   * record still need.
   */
  async remove(id: string, name: PacketName, content: Partial<AedesPacket> = {}): Promise<void> {
    const messageId = this.#doomed++;
    const packet = { ...emptyPacket, ...content, ...name, messageId };
    const wasThere = await unlessAbsent(this.#instance.call('outgoingUpdate', { id }, packet));
    if (wasThere) await this.clear(id, messageId);
  }

  async clear(id: string, messageId: number): Promise<void> {
    await this.#instance.call('outgoingClearMessageId', { id }, { messageId });
  }

  /** Empties a queue. Redis shows only the beginning of one, so it is read until nothing is left, or nothing goes. */
  async emptyQueue(id: string): Promise<void> {
    for (let before = ''; ; ) {
      let first = '';
      const count = await allSideBySide(this.queue(id), atOnce, async (packet) => {
        if (packet instanceof Error) return;
        if (first === '') first = `${nameOf(packet)} ${packet.messageId}`;
        await this.takeOut(id, packet);
      });
      const shown = `${count} ${first}`;
      if (first === '' || shown === before) return;
      before = shown;
    }
  }

  // --- numbered slots: get, put and delete by client and number are all that is done with incoming packets

  async slot(id: string, number: number): Promise<StoredPacket | undefined> {
    let found: unknown;
    const wasThere = await unlessAbsent(
      this.#instance.call('incomingGetPacket', { id }, { messageId: number }).then((packet) => {
        found = packet;
      }),
    );
    return wasThere && found !== undefined && found !== null ? readPacket(found) : undefined;
  }

  async putSlot(id: string, number: number, text: string): Promise<void> {
    if (!this.slotsReplace) await this.deleteSlot(id, number);
    const packet = { ...emptyPacket, topic: '$carillon', payload: Buffer.from(text), messageId: number };
    await this.#instance.call('incomingStorePacket', { id }, packet);
  }

  async deleteSlot(id: string, number: number): Promise<void> {
    await unlessAbsent(this.#instance.call('incomingDelPacket', { id }, { messageId: number }));
  }

  /** Forgets all incoming packets; where that cannot be asked for, only the slot `number`. */
  async cleanSlots(id: string, number: number): Promise<void> {
    if (this.#instance.has('cleanIncoming')) await this.#instance.call('cleanIncoming', { id });
    else await this.deleteSlot(id, number);
  }

  // --- wills

  wills(): AsyncGenerator<StoredPacket | Error> {
    return readPackets(this.#instance.stream('streamWill', {}));
  }

  /** @param known The broker id of the Will that is there already, if one is. */
  async putWill(id: string, packet: AedesPacket, known: string | undefined): Promise<void> {
    const mustGo = known !== undefined && (known !== brokerId || !this.willsReplace);
    if (mustGo) await this.deleteWill(id, known);
    // The backend writes into what it is given.
    await this.#instance.call('putWill', { id, brokerId }, { ...packet });
  }

  /** Redis finds a Will only by the broker that stored it. */
  async deleteWill(id: string, by: string): Promise<void> {
    await unlessAbsent(this.#instance.call('delWill', { id, brokerId: by }));
  }

  // --- retained messages

  retained(): AsyncGenerator<StoredPacket | Error> {
    return readPackets(this.#instance.stream('createRetainedStream', '#'));
  }

  /** An empty payload deletes. */
  async storeRetained(packet: AedesPacket): Promise<void> {
    await this.#instance.call('storeRetained', packet);
  }

  /** Takes out a packet of whatever kind, as it was read. */
  async takeOut(id: string, packet: StoredPacket): Promise<void> {
    const { messageId, brokerId: by, brokerCounter } = packet;
    if (by !== '') {
      await this.remove(id, { brokerId: by, brokerCounter }, contentOf(packet));
    } else if (messageId !== undefined) {
      // Kept in memory, a PUBREL has lost its names and has its identifier only.
      await this.clear(id, messageId);
    }
  }
}

function contentOf(packet: StoredPacket): Partial<AedesPacket> {
  const { topic, qos, retain, messageExpiry, properties, nl } = packet;
  return {
    cmd: packet.cmd === 'pubrel' ? 'pubrel' : 'publish',
    topic,
    payload: Buffer.from(packet.payload),
    qos,
    retain,
    ...(typeof nl === 'string' ? { nl } : {}),
    ...(messageExpiry === undefined ? {} : { messageExpiry }),
    ...(properties === undefined ? {} : { properties: properties.all }),
  };
}

async function* readPackets(stream: AsyncIterable<unknown>): AsyncGenerator<StoredPacket | Error> {
  for await (const item of stream) {
    let packet: StoredPacket | Error;
    try {
      packet = readPacket(item);
    } catch (error) {
      packet = asError(error);
    }
    yield packet;
  }
}

/**
 * What the tests of aedes-persistence demand; "packet not found" of MongoDB, "Will not found" of older backends.
 */
const absence = /^no such packet|\bnot found\b/;

/** Whether the packet that a call is about was there. */
async function unlessAbsent(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof Error && absence.test(error.message)) return false;
    throw error;
  }
}
