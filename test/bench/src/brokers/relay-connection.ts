import type { Socket } from 'node:net';

/** Who gets what is published under a name. */
type Receivers = Set<RelayConnection>;

const nobody: Receivers = new Set();

/** Topics by name, and the sockets that have something to send in this turn. */
export class Topics {
  readonly #receivers = new Map<string, Receivers>();
  readonly #waiting: RelayConnection[] = [];
  #isScheduled = false;
  connections = 0;

  receiversOf(topic: string): Receivers {
    return this.#receivers.get(topic) ?? nobody;
  }

  add(topic: string, receiver: RelayConnection): void {
    const receivers = this.#receivers.get(topic);
    if (receivers === undefined) this.#receivers.set(topic, new Set([receiver]));
    else receivers.add(receiver);
  }

  delete(topic: string, receiver: RelayConnection): void {
    const receivers = this.#receivers.get(topic);
    receivers?.delete(receiver);
    if (receivers?.size === 0) this.#receivers.delete(topic);
  }

  wait(connection: RelayConnection): void {
    this.#waiting.push(connection);
  }

  /** With few connections at the end of the chunk; with many, when all sockets of this turn have been read. */
  chunkDone(): void {
    if (this.#waiting.length === 0) return;
    if (this.connections <= 4) this.#flush();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.#flush());
    }
  }

  #flush(): void {
    this.#isScheduled = false;
    for (const connection of this.#waiting) connection.flush();
    this.#waiting.length = 0;
  }
}

/** One client of the relay. */
export class RelayConnection {
  readonly #socket: Socket;
  readonly #topics: Topics;
  readonly #subscriptions: string[] = [];
  #version = 4;
  /** The beginning of a frame that is not all there, and at least how many bytes of it are missing. */
  #parts: Buffer[] = [];
  #missing = 0;
  #out: Buffer[] = [];
  /** Frames that lie side by side and go to the same receivers, not passed on yet. */
  #run: { receivers: Receivers; start: number; end: number } | undefined = undefined;
  #topicBytes: Buffer = Buffer.alloc(0);
  #receivers: Receivers = nobody;

  constructor(socket: Socket, topics: Topics) {
    this.#socket = socket;
    this.#topics = topics;
    topics.connections++;
  }

  forget(): void {
    this.#topics.connections--;
    for (const topic of this.#subscriptions) this.#topics.delete(topic, this);
  }

  read(chunk: Buffer): void {
    if (this.#missing > chunk.length) {
      this.#parts.push(chunk);
      this.#missing -= chunk.length;
      return;
    }
    const bytes = this.#parts.length === 0 ? chunk : Buffer.concat([...this.#parts, chunk]);
    this.#parts = [];
    this.#missing = 0;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#frame(bytes, at);
      if (next === at) {
        this.#parts = [bytes.subarray(at)];
        break;
      }
      at = next;
    }
    this.#passOn(bytes);
    this.#topics.chunkDone();
  }

  send(bytes: Buffer): void {
    if (this.#out.length === 0) this.#topics.wait(this);
    this.#out.push(bytes);
  }

  flush(): void {
    const out = this.#out;
    this.#out = [];
    this.#socket.write(out.length === 1 && out[0] !== undefined ? out[0] : Buffer.concat(out));
  }

  /** @returns Where the next frame begins; `at` while this one is not all there. */
  #frame(bytes: Buffer, at: number): number {
    let cursor = at + 1;
    let length = 0;
    let shift = 0;
    for (;;) {
      if (cursor >= bytes.length) return at;
      const byte = bytes[cursor++] ?? 0;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
      shift += 7;
    }
    const next = cursor + length;
    if (next > bytes.length) {
      this.#missing = next - bytes.length;
      return at;
    }
    const header = bytes[at] ?? 0;
    if ((header & 0xf0) === 0x30) this.#publish(bytes, header, at, cursor, next);
    else this.#other(bytes, header, cursor, next);
    return next;
  }

  #publish(bytes: Buffer, header: number, at: number, body: number, next: number): void {
    const topicEnd = body + 2 + (((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0));
    const receivers = this.#receiversOf(bytes, body + 2, topicEnd);
    if ((header & 6) !== 0) this.#reply((header & 6) === 2 ? 0x40 : 0x50, bytes, topicEnd);
    const run = this.#run;
    if (run !== undefined && run.receivers === receivers && run.end === at) {
      run.end = next;
      return;
    }
    this.#passOn(bytes);
    this.#run = { receivers, start: at, end: next };
  }

  /** The topic of the frame before is the most likely one: its bytes are compared before a string is made. */
  #receiversOf(bytes: Buffer, from: number, to: number): Receivers {
    const known = this.#topicBytes;
    if (known.length === to - from && known.compare(bytes, from, to) === 0 && this.#receivers.size > 0) {
      return this.#receivers;
    }
    this.#topicBytes = Buffer.from(bytes.subarray(from, to));
    this.#receivers = this.#topics.receiversOf(bytes.toString('latin1', from, to));
    return this.#receivers;
  }

  #passOn(bytes: Buffer): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    const slice = bytes.subarray(run.start, run.end);
    for (const receiver of run.receivers) receiver.send(slice);
  }

  #other(bytes: Buffer, header: number, body: number, next: number): void {
    switch (header & 0xf0) {
      case 0x10:
        this.#version = bytes[body + 6] ?? 4;
        this.send(Buffer.from(this.#version === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]));
        break;
      case 0x80:
        this.#subscribe(bytes, body, next);
        break;
      case 0x50:
        this.#reply(0x62, bytes, body);
        break;
      case 0x60:
        this.#reply(0x70, bytes, body);
        break;
      case 0xc0:
        this.send(Buffer.of(0xd0, 0));
        break;
      case 0xe0:
        this.#socket.end();
    }
  }

  #subscribe(bytes: Buffer, body: number, next: number): void {
    let at = body + 2 + (this.#version === 5 ? 1 + (bytes[body + 2] ?? 0) : 0);
    const codes: number[] = [];
    while (at < next) {
      const length = bytes.readUInt16BE(at);
      const topic = bytes.toString('latin1', at + 2, at + 2 + length);
      this.#topics.add(topic, this);
      this.#subscriptions.push(topic);
      codes.push((bytes[at + 2 + length] ?? 0) & 3);
      at += 3 + length;
    }
    const head = [bytes[body] ?? 0, bytes[body + 1] ?? 0, ...(this.#version === 5 ? [0] : [])];
    this.send(Buffer.from([0x90, head.length + codes.length, ...head, ...codes]));
  }

  #reply(type: number, bytes: Buffer, packetIdAt: number): void {
    this.send(Buffer.of(type, 2, bytes[packetIdAt] ?? 0, bytes[packetIdAt + 1] ?? 0));
  }
}
