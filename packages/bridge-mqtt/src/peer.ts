import type { ByteChannel, ChannelReceiver } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { encode, type Packet, PacketReader, ProtocolError, type ProtocolVersion } from '@carillon/protocol';
import { BridgeError } from './bridge-error.ts';
import { connectionLoss } from './connection-loss.ts';

/** More unsent bytes than this, and whoever feeds the peer is to wait. */
const congestionBytes = 256 * 1024;

/** What a conversation is held under. */
export interface PeerOptions {
  readonly version: ProtocolVersion;
  /** Bytes of a packet from the other side. */
  readonly maximumPacketSize: number;
}

/**
 * The client's side of one MQTT connection: bytes become packets and packets bytes. It begins on hold: nothing is
 * read until somebody asks for a packet, or for all of them.
 */
export class Peer implements ChannelReceiver {
  readonly version: ProtocolVersion;
  /** Rises with every packet that comes: a sign of life. */
  packetsReceived = 0;
  readonly #channel: ByteChannel;
  readonly #reader: PacketReader;
  #output: Uint8Array[] = [];
  #flushIsDue = false;
  /** Nothing is read while there is a reason not to. */
  readonly #holds = new Set<string>(['nobody listens']);
  #isReading = false;
  #handedBack: Packet | undefined = undefined;
  #handler: ((packet: Packet) => void) | undefined = undefined;
  #end: BridgeError | undefined = undefined;
  #whenEnded: (error: BridgeError) => void = () => {};
  #whenDrained: () => void = () => {};

  constructor(channel: ByteChannel, { version, maximumPacketSize }: PeerOptions) {
    this.version = version;
    this.#channel = channel;
    this.#reader = new PacketReader({ protocolVersion: version, maximumPacketSize });
    channel.open(this);
    channel.pause();
  }

  /** Why the conversation is over. */
  get ended(): BridgeError | undefined {
    return this.#end;
  }

  /** Nothing is read now. */
  get isHeld(): boolean {
    return this.#holds.size > 0;
  }

  get isCongested(): boolean {
    return this.#channel.unsentBytes > congestionBytes;
  }

  send(packet: Packet): void {
    this.sendBytes(encode(packet, this.version));
  }

  /** Bytes that are a whole packet. What is sent in a row leaves in one write. */
  sendBytes(bytes: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#output.push(bytes);
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    queueMicrotask(() => this.#flush());
  }

  /** The next packet; afterwards nothing is read until somebody asks again. */
  receive(): Promise<Packet> {
    return new Promise((resolve, reject) => {
      const end = this.#end;
      if (end !== undefined) {
        reject(end);
        return;
      }
      this.#whenEnded = reject;
      this.#handler = (packet) => {
        this.hold('nobody listens');
        this.#handler = undefined;
        resolve(packet);
      };
      this.release('nobody listens');
    });
  }

  /** A packet that was received and is to be seen again by whoever listens. */
  handBack(packet: Packet): void {
    this.#handedBack = packet;
  }

  /** From here on each packet goes to `handler`; `ended` is called once when the conversation is over. */
  listen(handler: (packet: Packet) => void, ended: (error: BridgeError) => void, drained = () => {}): void {
    this.#handler = handler;
    this.#whenEnded = ended;
    this.#whenDrained = drained;
    if (this.#end !== undefined) queueMicrotask(() => this.#end !== undefined && ended(this.#end));
    const first = this.#handedBack;
    this.#handedBack = undefined;
    if (first !== undefined) handler(first);
    this.release('nobody listens');
  }

  /** Reads nothing until the reason is released. */
  hold(reason: string): void {
    if (this.#holds.size === 0) this.#channel.pause();
    this.#holds.add(reason);
  }

  release(reason: string): void {
    if (!this.#holds.delete(reason) || this.#holds.size > 0 || this.#end !== undefined) return;
    this.#read();
    if (this.#holds.size === 0) this.#channel.resume();
  }

  /** Sends what is to be sent, then closes. */
  close(packet?: Packet): void {
    if (this.#end !== undefined) return;
    if (packet !== undefined) this.send(packet);
    this.#flush();
    this.#channel.end();
    this.#over(new BridgeError('BRIDGE_CONNECTION_LOST', 'the bridge closed the connection'));
  }

  /** Closes at once, for this reason. */
  fail(error: BridgeError): void {
    if (this.#end !== undefined) return;
    this.#channel.destroy();
    this.#over(error);
  }

  received(chunk: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#reader.feed(chunk);
    this.#read();
  }

  drained(): void {
    this.#whenDrained();
  }

  closed(error?: Error): void {
    this.#over(connectionLoss(error));
  }

  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#holds.size === 0 && this.#end === undefined) {
        const packet = this.#reader.next();
        if (packet === undefined) break;
        this.packetsReceived++;
        this.#handler?.(packet);
      }
    } catch (error) {
      this.fail(faultOf(error));
    } finally {
      this.#isReading = false;
    }
  }

  #flush(): void {
    this.#flushIsDue = false;
    if (this.#end !== undefined || this.#output.length === 0) return;
    const pieces = this.#output;
    this.#output = [];
    this.#channel.write(pieces);
  }

  #over(error: BridgeError): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#output = [];
    this.#whenEnded(error);
  }
}

function faultOf(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  const message = messageOf(error);
  const fault = error instanceof ProtocolError ? `${message} (${error.rule})` : message;
  return new BridgeError('BRIDGE_PROTOCOL_ERROR', `the other broker sent what is not MQTT: ${fault}`, error);
}
