import { type FrameHandler, FrameReader } from './frame-reader.ts';
import {
  type ConnectOptions,
  connectFrame,
  disconnectFrame,
  Packet,
  subscribeFrame,
  writeReply,
} from './frames.ts';
import { type Address, type BytesHandler, openTransport, type Transport } from './transport.ts';

/** What a connection is for: told of what the broker sends once the handshakes are over. */
export interface Role {
  publish(qos: number, packetId: number, publisher: number, sequence: number, isDuplicate: boolean): void;
  /** PUBACK, PUBREC or PUBCOMP for a message of ours. */
  acknowledged(type: number, packetId: number, reason: number): void;
  /** The bytes of one read have been handled: time to send. */
  chunkDone(): void;
  /** The broker ended it. */
  lost(why: string): void;
}

interface Waiting {
  readonly type: number;
  readonly resolve: (reason: number) => void;
  readonly reject: (error: Error) => void;
}

const noTransport: Transport = {
  write: () => {
    throw new Error('not connected yet');
  },
  isFlushed: () => true,
  pause: () => {},
  end: () => {},
  destroy: () => {},
};

/** Replies of one chunk are gathered here and copied once: chunks are handled one after the other. */
const replies = Buffer.allocUnsafeSlow(256 * 1024);

/** One connection to the broker. */
export class Client implements FrameHandler, BytesHandler {
  readonly options: ConnectOptions;
  /** Set by whoever wants to be told. */
  role: Role | undefined = undefined;
  readonly #reader: FrameReader;
  #transport = noTransport;
  #replyBytes = 0;
  #ending = false;
  #left: () => void = () => {};
  /** Answers that set-up waits for, in the order of the questions. */
  readonly #waiting: Waiting[] = [];

  private constructor(options: ConnectOptions) {
    this.options = options;
    this.#reader = new FrameReader(options.version, this);
  }

  /**
   * Connects, and waits for a CONNACK that says yes.
   *
   * @param role What a session has waiting may come in the same chunk as CONNACK: who needs it says so before.
   */
  static async open(address: Address, options: ConnectOptions, role?: Role): Promise<Client> {
    const client = new Client(options);
    client.role = role;
    client.#transport = await openTransport(address, client);
    const answer = client.#answer(Packet.connack);
    client.write(connectFrame(options));
    const reason = await answer;
    if (reason !== 0) throw new Error(`${options.clientId} was refused with code ${reason}`);
    return client;
  }

  /** Subscribes with one packet, and waits for the broker's yes. */
  subscribe(filters: readonly string[], qos: number): Promise<void> {
    return this.subscribeBy(subscribeFrame(this.options.version, 1, filters, qos));
  }

  /** The same with a SUBSCRIBE that was encoded before. */
  async subscribeBy(frame: Buffer): Promise<void> {
    const answer = this.#answer(Packet.suback);
    this.write(frame);
    const reason = await answer;
    if (reason >= 0x80) throw new Error(`${this.options.clientId} may not subscribe: code ${reason}`);
  }

  write(bytes: Buffer): void {
    this.#transport.write(bytes);
  }

  isFlushed(): boolean {
    return this.#transport.isFlushed();
  }

  stopReading(): void {
    this.#transport.pause();
  }

  /** Sends a reply at the end of this chunk, in one write with the others. */
  reply(type: number, packetId: number): void {
    if (this.#replyBytes + 4 > replies.length) this.#sendReplies();
    this.#replyBytes = writeReply(replies, this.#replyBytes, type, packetId);
  }

  /** Stays without a role but for this. */
  onLost(lost: (why: string) => void): void {
    this.role = { publish: () => {}, acknowledged: () => {}, chunkDone: () => {}, lost };
  }

  /** DISCONNECT, and waits until the broker has closed too. */
  leave(): Promise<void> {
    return new Promise((resolve) => {
      this.#left = resolve;
      this.end();
    });
  }

  /** DISCONNECT. */
  end(): void {
    this.#ending = true;
    this.#transport.write(disconnectFrame);
    this.#transport.end();
  }

  destroy(): void {
    this.#ending = true;
    this.#transport.destroy();
  }

  bytes(bytes: Buffer, start: number, end: number): void {
    this.#reader.read(bytes, start, end);
  }

  chunkDone(): void {
    if (this.#replyBytes > 0) this.#sendReplies();
    this.role?.chunkDone();
  }

  closed(error: Error | undefined): void {
    if (this.#ending) {
      this.#left();
      return;
    }
    const why = `${this.options.clientId}: the broker closed the connection${error ? ` (${error.message})` : ''}`;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(why));
    this.role?.lost(why);
  }

  publish(header: number, packetId: number, publisher: number, sequence: number): void {
    const qos = (header >> 1) & 3;
    if (qos === 1) this.reply(Packet.puback, packetId);
    else if (qos === 2) this.reply(Packet.pubrec, packetId);
    this.role?.publish(qos, packetId, publisher, sequence, (header & 0x08) !== 0);
  }

  control(type: number, packetId: number, reason: number): void {
    switch (type) {
      case Packet.pubrel:
        this.reply(Packet.pubcomp, packetId);
        break;
      case Packet.pubrec:
        this.reply(Packet.pubrel, packetId);
        this.role?.acknowledged(type, packetId, reason);
        break;
      case Packet.puback:
      case Packet.pubcomp:
        this.role?.acknowledged(type, packetId, reason);
        break;
      case Packet.disconnect:
        this.role?.lost(`${this.options.clientId}: DISCONNECT with code ${reason}`);
        break;
      default:
        this.#settle(type, reason);
    }
  }

  #answer(type: number): Promise<number> {
    return new Promise((resolve, reject) => this.#waiting.push({ type, resolve, reject }));
  }

  #settle(type: number, reason: number): void {
    const first = this.#waiting.findIndex((waiting) => waiting.type === type);
    this.#waiting.splice(first, first === -1 ? 0 : 1)[0]?.resolve(reason);
  }

  /** A copy, for the socket may hold it. */
  #sendReplies(): void {
    this.#transport.write(Buffer.from(replies.subarray(0, this.#replyBytes)));
    this.#replyBytes = 0;
  }
}
