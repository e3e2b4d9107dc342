import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where a connection breaks: after so many bytes that go to the remote broker, or to the bridge. */
export interface Break {
  readonly towards: 'remote' | 'bridge';
  readonly afterBytes: number;
}

/** Bytes that one connection has passed on. */
export type Passed = Record<Break['towards'], number>;

/** A stretch of line that passes TCP on and breaks at the very byte it is told, in the middle of a packet if need be. */
export class BreakingLine implements AsyncDisposable {
  /** Connections that broke where they were to. */
  breaks = 0;
  /** Of the newest connection. */
  passed: Passed = { remote: 0, bridge: 0 };
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #next: Break | undefined = undefined;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((socket) => this.#join(socket));
  }

  static async open(target: number): Promise<BreakingLine> {
    const line = new BreakingLine(target);
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the line is not open');
    return address.port;
  }

  /** The next connection breaks there; those after it hold. */
  breakNext(at: Break): void {
    this.#next = at;
  }

  /** Ends the connection that there is. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(bridge: Socket): void {
    const remote = connect(this.#target, '127.0.0.1');
    const at = this.#next;
    this.#next = undefined;
    const passed = { remote: 0, bridge: 0 };
    this.passed = passed;
    for (const socket of [bridge, remote]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        bridge.destroy();
        remote.destroy();
      });
    }
    this.#pass(bridge, remote, 'remote', passed, at);
    this.#pass(remote, bridge, 'bridge', passed, at);
  }

  #pass(from: Socket, to: Socket, towards: Break['towards'], passed: Passed, at: Break | undefined): void {
    const most = at?.towards === towards ? at.afterBytes : Number.POSITIVE_INFINITY;
    from.on('data', (chunk: Buffer) => {
      const piece = chunk.subarray(0, most - passed[towards]);
      passed[towards] += piece.length;
      to.write(piece);
      if (passed[towards] < most) return;
      this.breaks++;
      from.destroy();
      // What was passed on still arrives; then the end.
      to.end();
    });
  }
}
