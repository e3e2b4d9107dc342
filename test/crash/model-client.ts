import type { Packet, PublishPacket, QoS } from '@carillon/protocol';
import {
  type ConnectionTarget,
  describePacket,
  type Laboratory,
  type LaboratoryClientOptions,
  PacketClient,
  type PacketDraft,
} from '@carillon/testkit';
import { ModelWill, type WillPlace } from './model-will.ts';
import { ReceivedExchanges } from './received-exchanges.ts';
import { SentExchanges } from './sent-exchanges.ts';
import type { SubscriberRecord, TrafficRecord } from './traffic-record.ts';

interface Request {
  readonly do: 'subscribe' | 'unsubscribe';
  readonly filter: string;
}

/** How a connection is made. */
export type Connecting = Pick<LaboratoryClientOptions, 'channel' | 'wrap'>;

export interface ModelClientOptions {
  readonly name: string;
  readonly version: 4 | 5;
  readonly receiveMaximum: number;
  readonly subscriber: SubscriberRecord;
  /** Every CONNECT carries a Will. */
  readonly will?: WillPlace | undefined;
}

/**
 * A client that does what the standard asks of it: it keeps its session's state whatever happens to its
 * connections, and comes back to the session with everything that is not finished.
 */
export class ModelClient {
  readonly name: string;
  readonly version: 4 | 5;
  readonly subscriber: SubscriberRecord;
  readonly #laboratory: Laboratory;
  readonly #record: TrafficRecord;
  readonly #receiveMaximum: number;
  readonly #sent: SentExchanges;
  readonly #received: ReceivedExchanges;
  /** SUBSCRIBE and UNSUBSCRIBE without an answer: those end with the connection. */
  readonly #requests = new Map<number, Request>();
  #connection: PacketClient | undefined = undefined;
  #isReady = false;
  /** A CONNACK said that there is one: from then on the broker has to have it. */
  #hasSession = false;
  /** CONNECT with Clean Start was sent, and not answered. */
  #isGivingUp = false;
  /** Everything that it ever subscribed to. */
  readonly #filters = new Set<string>();
  readonly #will: ModelWill;

  constructor(laboratory: Laboratory, record: TrafficRecord, options: ModelClientOptions) {
    this.name = options.name;
    this.version = options.version;
    this.subscriber = options.subscriber;
    this.#laboratory = laboratory;
    this.#record = record;
    this.#receiveMaximum = options.receiveMaximum;
    this.#sent = new SentExchanges(record);
    this.#received = new ReceivedExchanges(options.subscriber);
    this.#will = new ModelWill(record, options);
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** CONNACK has come, so that everything may be said. */
  get isReady(): boolean {
    return this.#isReady && this.#connection?.closed === false;
  }

  /** Nothing that was begun waits for an answer. */
  get isFinished(): boolean {
    return this.isReady && this.#sent.isEmpty && this.#requests.size === 0;
  }

  /** One at a time, so that every answer says how things are. */
  isAsking(filter: string): boolean {
    return [...this.#requests.values()].some((request) => request.filter === filter);
  }

  get hasUnread(): boolean {
    return (this.#connection?.unread ?? 0) > 0;
  }

  /** With `cleanStart` it gives its session up for a new one. */
  connect(
    target: ConnectionTarget,
    connecting: Connecting,
    { cleanStart = false }: { cleanStart?: boolean } = {},
  ): void {
    const { name, version: protocolVersion } = this;
    this.#isReady = false;
    this.#record.say(`${name} connects`);
    if (cleanStart) this.#giveUpSession();
    this.#connection = PacketClient.connect(target, {
      laboratory: this.#laboratory,
      name,
      protocolVersion,
      ...connecting,
    });
    const properties = { sessionExpiryInterval: 3600, receiveMaximum: this.#receiveMaximum };
    this.#send({
      type: 'connect',
      protocolVersion,
      clientId: name,
      // Until an answer has come nobody knows whether the session was given up.
      cleanStart: this.#isGivingUp,
      ...this.#will.forConnect(),
      properties: protocolVersion === 5 ? properties : {},
    });
  }

  publish(topic: string, qos: QoS, retain: boolean): void {
    const message = this.#record.newMessage({ publisher: this.name, topic, qos, retain });
    if (qos === 0) this.#send({ type: 'publish', topic, retain, payload: String(message.number) });
    else this.#send(this.#sent.begin(message, this.#freePacketId()));
  }

  subscribe(filter: string, qos: 1 | 2): void {
    const packetId = this.#request({ do: 'subscribe', filter });
    this.#send({ type: 'subscribe', packetId, subscriptions: [{ filter, qos }] });
  }

  unsubscribe(filter: string): void {
    const packetId = this.#request({ do: 'unsubscribe', filter });
    for (const period of this.subscriber.periods) {
      if (period.filter === filter) period.to = Math.min(period.to, this.#record.now());
    }
    this.#send({ type: 'unsubscribe', packetId, filters: [filter] });
  }

  /** In order, the session stays. */
  async disconnect(): Promise<void> {
    this.#record.say(`${this.name} disconnects`);
    this.#will.withdraw();
    await this.#connection?.disconnect();
    this.#connectionOver();
  }

  /** The network, or the client's patience, is at its end. */
  async drop(): Promise<void> {
    this.#record.say(`${this.name} drops its connection`);
    await this.#connection?.drop();
    this.#connectionOver();
  }

  /** It is gone, and nobody is told: the broker finds out when it comes again. */
  vanish(): void {
    this.#record.say(`${this.name} vanishes`);
    this.#connection?.vanish();
    this.#connectionOver();
  }

  /** Reads what has come and answers it. */
  async react(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (connection.unread > 0) {
      for (const packet of await connection.receiveAll()) this.#take(packet);
    }
    if (connection.closed && connection.unread === 0) {
      this.#record.say(`${this.name} has lost its connection`);
      this.#connectionOver();
    }
  }

  #take(packet: Packet): void {
    this.#record.say(`${this.name} ← ${describePacket(packet)}`);
    switch (packet.type) {
      case 'connack':
        this.#accepted(packet.reasonCode, packet.sessionPresent);
        return;
      case 'publish':
        this.#answer(this.#received.publish(packet, payloadNumber(packet)));
        return;
      case 'pubrel':
        this.#answer(this.#received.pubrel(packet.packetId));
        return;
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.#answer(this.#sent.answered(packet));
        return;
      case 'suback':
      case 'unsuback':
        this.#granted(packet.packetId, packet.reasonCodes[0] ?? 0);
        return;
      default:
    }
  }

  #accepted(reasonCode: number, sessionPresent: boolean): void {
    if (reasonCode !== 0) return;
    if (!sessionPresent) this.#sessionIsNew();
    else if (this.#isGivingUp) this.#record.faults.push(`${this.name} was given the session it gave up`);
    this.#isGivingUp = false;
    this.#hasSession = true;
    this.#will.accepted();
    this.#isReady = true;
    for (const packet of this.#sent.toResend()) this.#answer(packet);
  }

  #sessionIsNew(): void {
    if (this.#hasSession) this.#record.faults.push(`the session of ${this.name} is missing`);
    this.#forgetSession();
    for (const filter of this.#filters) this.subscriber.state.set(filter, 'not subscribed');
  }

  #giveUpSession(): void {
    this.#isGivingUp = true;
    this.#hasSession = false;
    this.#forgetSession();
    // What has not come by now has been given up too.
    this.subscriber.periods.length = 0;
  }

  #forgetSession(): void {
    this.#sent.abandon();
    this.#received.forget();
    this.subscriber.state.clear();
    for (const period of this.subscriber.periods) period.to = Math.min(period.to, this.#record.now());
  }

  #granted(packetId: number, reasonCode: number): void {
    const request = this.#requests.get(packetId);
    if (request === undefined) {
      this.#record.faults.push(`${this.name} got an answer to a request it has not made: ${packetId}`);
      return;
    }
    this.#requests.delete(packetId);
    if (reasonCode >= 0x80) return;
    const { filter } = request;
    if (request.do === 'unsubscribe') {
      this.subscriber.state.set(filter, 'not subscribed');
      return;
    }
    this.subscriber.state.set(filter, 'subscribed');
    this.subscriber.periods.push({ filter, from: this.#record.now(), to: Number.POSITIVE_INFINITY });
  }

  #request(request: Request): number {
    const packetId = this.#freePacketId();
    this.#requests.set(packetId, request);
    this.#filters.add(request.filter);
    // Until the answer comes nobody knows.
    this.subscriber.state.delete(request.filter);
    return packetId;
  }

  /** The lowest, so that identifiers are used again as soon as may be. */
  #freePacketId(): number {
    let packetId = 1;
    while (this.#sent.uses(packetId) || this.#requests.has(packetId)) packetId++;
    return packetId;
  }

  #answer(packet: PacketDraft | undefined): void {
    if (packet !== undefined) this.#send(packet);
  }

  #send(packet: PacketDraft): void {
    if (this.#connection === undefined || this.#connection.closed) return;
    this.#record.say(`${this.name} → ${JSON.stringify(packet)}`);
    this.#connection.send(packet);
  }

  #connectionOver(): void {
    this.#will.connectionOver();
    this.#connection = undefined;
    this.#isReady = false;
    this.#requests.clear();
  }
}

function payloadNumber({ payload }: PublishPacket): number {
  return Number(new TextDecoder().decode(payload));
}
