import { type IncomingMessage, request } from 'node:http';

/** One event as it came. */
export interface ReadEvent {
  readonly event: string;
  readonly id: string;
  /** From JSON. */
  readonly data: unknown;
}

/** Reads server-sent events as a browser does, but by hand. */
export class EventReader {
  readonly response: IncomingMessage;
  lastEventId = '';
  /** The latest that came, as text. */
  text = '';
  readonly #events: ReadEvent[] = [];
  #rest = '';
  #isOver = false;
  #wake: () => void = () => {};

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    response.on('error', () => {});
    response.on('close', () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** Rejects when the answer is no stream: its status and text are in the message. */
  static open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      request(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false }, (response) => {
        if (response.statusCode === 200) resolve(new EventReader(response));
        else {
          response.setEncoding('utf8').on('data', (text: string) => {
            reject(new Error(`${response.statusCode}: ${text}`));
          });
        }
      })
        .on('error', reject)
        .end();
    });
  }

  /** The next event; fails when the stream ends instead. */
  async next(): Promise<ReadEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) {
        this.lastEventId = event.id;
        return event;
      }
      if (this.#isOver) throw new Error('the stream has ended');
      await this.#more();
    }
  }

  /** The payloads of the next messages. */
  async payloads(count: number): Promise<unknown[]> {
    const payloads: unknown[] = [];
    while (payloads.length < count) {
      const { event, data } = await this.next();
      if (event === 'message') payloads.push(payloadOf(data));
    }
    return payloads;
  }

  /** Resolves when the text so far has this in it. */
  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) {
      if (this.#isOver) throw new Error(`the stream has ended without ${part}`);
      await this.#more();
    }
  }

  /** Resolves when the server has ended the stream. */
  async ended(): Promise<void> {
    while (!this.#isOver) await this.#more();
  }

  /** Cuts the connection. */
  cut(): void {
    this.response.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(chunk: string): void {
    this.text = `${this.text}${chunk}`.slice(-10_000);
    const blocks = `${this.#rest}${chunk}`.split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.#read(block.split('\n'));
    this.#wake();
  }

  #read(lines: readonly string[]): void {
    const field = (name: string) =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const data = field('data');
    if (data === undefined) return;
    this.#events.push({ event: field('event') ?? 'message', id: field('id') ?? '', data: JSON.parse(data) });
  }
}

function payloadOf(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'payload' in data ? data.payload : undefined;
}
