import type { Packet } from '@carillon/protocol';
import { describePacket } from './describe-packet.ts';

/** So many of the latest lines are kept, for a message to show. */
const LINES_KEPT = 20;

/** What was said on one connection, for the message of a test that failed. */
export class Conversation {
  readonly #lines: (() => string)[] = [];
  #forgotten = 0;

  sent(packet: Packet): void {
    this.#add(() => `→ ${describePacket(packet)}`);
  }

  sentBytes(bytes: Uint8Array): void {
    this.#add(() => `→ ${describeBytes(bytes)}`);
  }

  received(packet: Packet): void {
    this.#add(() => `← ${describePacket(packet)}`);
  }

  /** Something else worth a line. */
  noted(what: string): void {
    this.#add(() => what);
  }

  /** The lines, oldest first; `→` is what the client sent, `←` what it received. */
  toString(): string {
    const lines = this.#lines.map((line) => line());
    if (this.#forgotten > 0) lines.unshift(`(${this.#forgotten} before)`);
    return lines.length === 0 ? 'nothing was said' : lines.join('\n');
  }

  /** Put in words only when a test fails: most never do. */
  #add(line: () => string): void {
    this.#lines.push(line);
    if (this.#lines.length <= LINES_KEPT) return;
    this.#lines.shift();
    this.#forgotten++;
  }
}

function describeBytes(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, 24))
    .toString('hex')
    .replace(/..(?=.)/g, '$& ');
  return `${bytes.length} bytes: ${shown}${bytes.length > 24 ? ' …' : ''}`;
}
