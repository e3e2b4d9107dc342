import { connect, createServer, type Server, type Socket } from 'node:net';
import type { SeededRandom } from '@carillon/testkit';
import { host } from './broker.ts';

/**
 * A stretch of bad line: passes TCP on to a port, in pieces of any size, some late, and breaks off after so many
 * bytes of either direction, in the middle of a packet if need be. What it does follows from the seed.
 */
export class CuttingProxy implements AsyncDisposable {
  /** Lines that were broken off. */
  cuts = 0;
  /** From now on lines hold. */
  isGentle = false;
  readonly #target: number;
  readonly #random: SeededRandom;
  readonly #longest: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number, random: SeededRandom, longest: number) {
    this.#target = target;
    this.#random = random;
    this.#longest = longest;
    this.#server = createServer((socket) => this.#join(socket));
  }

  /** @param longest Bytes of one direction that a line passes at most. */
  static async open(target: number, random: SeededRandom, longest: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, random, longest);
    await new Promise<void>((resolve) => proxy.#server.listen(0, host, resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is not open');
    return address.port;
  }

  /** Lines hold from now on, and those that were about to break are broken. */
  beGentle(): void {
    this.isGentle = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(near: Socket): void {
    const far = connect(this.#target, host);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    this.#pass(near, far);
    this.#pass(far, near);
  }

  #pass(from: Socket, to: Socket): void {
    let left = this.isGentle ? Number.POSITIVE_INFINITY : 1 + this.#random.integer(this.#longest);
    from.on('data', (chunk: Buffer) => {
      const passed = chunk.subarray(0, left);
      left -= passed.length;
      const isLast = passed.length < chunk.length || left <= 0;
      const piece = isLast ? passed.length : this.#random.integer(passed.length);
      to.write(passed.subarray(0, piece));
      const rest = passed.subarray(piece);
      const goOn = (): void => {
        if (rest.length > 0) to.write(rest);
        if (!isLast) from.resume();
        else {
          this.cuts++;
          from.destroy();
          // What was written still gets there; then the end.
          to.end();
        }
      };
      from.pause();
      if (this.#random.integer(8) === 0) setTimeout(goOn, this.#random.integer(5));
      else setImmediate(goOn);
    });
  }
}
