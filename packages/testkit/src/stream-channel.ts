import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientChannel } from './packet-connection.ts';

/** The byte channel of a stream that is connected: a socket, a TLS socket, a WebSocket's stream. */
export function streamChannel(stream: Duplex): ClientChannel {
  return {
    open(receiver) {
      let failure: Error | undefined;
      stream.on('error', (error) => {
        failure = error;
      });
      stream.on('data', (chunk: Uint8Array) => receiver.received(chunk));
      stream.on('drain', () => receiver.drained());
      // Sockets answer the end of the other side with their own; other streams wait for somebody to do it.
      stream.on('end', () => stream.end());
      stream.on('close', () => receiver.closed(failure));
    },
    write(pieces) {
      if (!stream.writable) return;
      stream.cork();
      for (const piece of pieces) stream.write(piece);
      stream.uncork();
    },
    get unsentBytes() {
      return stream.writableLength;
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    end: () => void stream.end(),
    destroy: () => void stream.destroy(),
    reset() {
      if (stream instanceof Socket) stream.resetAndDestroy();
      else stream.destroy();
    },
    vanish() {
      throw new TypeError('Only a client in a laboratory can vanish: a socket belongs to the system.');
    },
  };
}
