import type { DecodedPacket, PacketReader } from '@carillon/protocol';

/** Packets that came while a handler waits for something, in order; a fault in the bytes stands at their end. */
export class ReadAhead {
  #packets: DecodedPacket[] = [];
  #fault: unknown = undefined;

  get length(): number {
    return this.#packets.length;
  }

  get fault(): unknown {
    return this.#fault;
  }

  /** The next packet; throws the fault when that is next. */
  take(): DecodedPacket | undefined {
    const packet = this.#packets.shift();
    if (packet === undefined && this.#fault !== undefined) throw this.#fault;
    return packet;
  }

  put(packet: DecodedPacket): void {
    this.#packets.push(packet);
  }

  /** Reads one more packet. A fault is kept: what came before it is still to be handled. */
  read(reader: PacketReader): DecodedPacket | undefined {
    try {
      return reader.next();
    } catch (error) {
      this.#fault = error;
      return undefined;
    }
  }

  clear(): void {
    this.#packets = [];
    this.#fault = undefined;
  }
}
