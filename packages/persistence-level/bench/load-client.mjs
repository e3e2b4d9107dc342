import { once } from 'node:events';
import { connect } from 'node:net';

/** A client of MQTT 3.1.1 that only does what the measurements need, with as little work as possible. */
export class LoadClient {
  #socket;
  #rest = Buffer.alloc(0);
  /** PUBACK, SUBACK and CONNACK received. */
  answers = 0;
  received = 0;
  #waiting = [];
  onAnswer = () => {};

  static async connect(port, clientId, { clean = false } = {}) {
    const client = new LoadClient();
    client.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    client.#socket.on('data', (chunk) => client.#take(chunk));
    client.#socket.on('error', () => {});
    await once(client.#socket, 'connect');
    client.#socket.write(connectPacket(clientId, clean));
    await client.until(() => client.answers === 1);
    return client;
  }

  async subscribe(topic, qos) {
    const before = this.answers;
    this.#socket.write(subscribePacket(topic, qos));
    await this.until(() => this.answers > before);
  }

  /** Publishes `count` messages at QoS 1, at most `window` unacknowledged; frames are those of `publishFrame`. */
  async publish(count, window, frameOf) {
    let sent = 0;
    const before = this.answers;
    const pump = () => {
      const frames = [];
      while (sent < count && sent - (this.answers - before) < window) {
        frames.push(withPacketId(frameOf(sent), 1 + (sent % 65_535)));
        sent++;
      }
      if (frames.length > 0) this.#socket.write(Buffer.concat(frames));
    };
    this.onAnswer = pump;
    pump();
    await this.until(() => this.answers - before === count);
    this.onAnswer = () => {};
  }

  until(isTrue) {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isTrue, resolve }));
  }

  async end() {
    this.#socket.end(Buffer.from([0xe0, 0]));
    await once(this.#socket, 'close');
  }

  #take(chunk) {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const acks = [];
    let answered = false;
    let at = 0;
    for (;;) {
      const header = headerAt(bytes, at);
      if (header === undefined) break;
      const { body, end } = header;
      const type = bytes[at] >> 4;
      if (type === 3) {
        this.received++;
        if ((bytes[at] & 6) !== 0) {
          const id = body + 2 + bytes.readUInt16BE(body);
          acks.push(0x40, 2, bytes[id], bytes[id + 1]);
        }
      } else {
        this.answers++;
        answered = true;
      }
      at = end;
    }
    this.#rest = bytes.subarray(at);
    if (acks.length > 0) this.#socket.write(Buffer.from(acks));
    if (answered) this.onAnswer();
    this.#waiting = this.#waiting.filter(({ isTrue, resolve }) => {
      if (!isTrue()) return true;
      resolve();
      return false;
    });
  }
}

function headerAt(bytes, at) {
  let length = 0;
  for (let i = 1, factor = 1; i < 5; i++, factor *= 128) {
    if (at + i >= bytes.length) return undefined;
    length += (bytes[at + i] & 0x7f) * factor;
    if (bytes[at + i] < 0x80) {
      const end = at + i + 1 + length;
      return end > bytes.length ? undefined : { body: at + i + 1, end };
    }
  }
  throw new Error('a packet without a length');
}

function connectPacket(clientId, clean) {
  return packet(0x10, [text('MQTT'), Buffer.from([4, clean ? 2 : 0, 0, 0]), text(clientId)]);
}

function subscribePacket(topic, qos) {
  return packet(0x82, [Buffer.from([0, 1]), text(topic), Buffer.from([qos])]);
}

/** A PUBLISH at QoS 1, to which each sending adds its packet identifier. */
export function publishFrame(topic, payload) {
  const bytes = packet(0x32, [text(topic), Buffer.alloc(2), payload]);
  return { bytes, packetIdAt: bytes.length - payload.length - 2 };
}

function withPacketId({ bytes, packetIdAt }, packetId) {
  const frame = Buffer.from(bytes);
  frame.writeUInt16BE(packetId, packetIdAt);
  return frame;
}

function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function packet(first, parts) {
  const body = Buffer.concat(parts);
  const length = [];
  for (let rest = body.length; ; rest >>= 7) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}
