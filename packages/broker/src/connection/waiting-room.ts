import type { ByteChannel, OnBehalfOptions, Remote } from '@carillon/hooks';
import { ReasonCode } from '@carillon/protocol';
import type { Engine } from '../engine.ts';
import { acceptConnection, tellRefused } from './accept-connection.ts';

/** Connections that come while the store is still loading: they wait unread, no longer and no more than connections may. */
export class WaitingRoom {
  readonly #engine: Engine;
  #waiting = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Accepts the connection once `started` resolves, and closes it when that comes too late or not at all. */
  enter(started: Promise<void>, channel: ByteChannel, remote: Remote, onBehalf?: OnBehalfOptions): void {
    const { maximumConnections, connectTimeout } = this.#engine.options.limits;
    if (this.#waiting >= maximumConnections) {
      const reason = `${maximumConnections} connections wait for the broker to start`;
      this.#refuse(channel, remote, ReasonCode.QuotaExceeded, reason, 'limit:maximumConnections');
      return;
    }
    this.#waiting++;
    let isWaiting = true;
    const leave = (): boolean => {
      const wasWaiting = isWaiting;
      if (wasWaiting) this.#waiting--;
      isWaiting = false;
      patience.cancel();
      return wasWaiting;
    };
    const patience = this.#engine.deadlines.create(() => {
      if (!leave()) return;
      const reason = `the broker did not start within ${connectTimeout} ms`;
      this.#refuse(channel, remote, ReasonCode.ServerUnavailable, reason, 'limit:connectTimeout');
    });
    patience.setIn(connectTimeout);
    started.then(
      () => {
        if (leave()) acceptConnection(this.#engine, channel, remote, onBehalf);
      },
      () => {
        if (leave())
          this.#refuse(channel, remote, ReasonCode.ServerUnavailable, 'the broker cannot start', 'store');
      },
    );
  }

  #refuse(channel: ByteChannel, remote: Remote, reasonCode: number, reason: string, by: string): void {
    tellRefused(this.#engine, remote, reasonCode, reason, by);
    channel.destroy();
  }
}
