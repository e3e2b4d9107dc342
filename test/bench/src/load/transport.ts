import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { HEADROOM } from './frame-reader.ts';
import { WebSocketPath, webSocketHandshake } from './web-socket.ts';

/** Where the broker listens, and how it is spoken to. */
export interface Address {
  readonly port: number;
  readonly over: 'tcp' | 'tls' | 'websocket';
  /** The broker's certificate, as PEM, with `tls`. */
  readonly certificate?: string;
}

export interface BytesHandler {
  /** A chunk, valid during the call, with {@link HEADROOM} free bytes in front of it. */
  bytes(bytes: Buffer, start: number, end: number): void;
  /** All that came in one read has been handed over. */
  chunkDone(): void;
  closed(error: Error | undefined): void;
}

/** The way to the broker and back. */
export interface Transport {
  write(bytes: Buffer): void;
  /** Whether everything written is in the hands of the kernel, so that its buffers can be used again. */
  isFlushed(): boolean;
  /** Stops reading, as a client does that hangs. */
  pause(): void;
  end(): void;
  destroy(): void;
}

const READ_BYTES = 128 * 1024;

/**
 * All plain sockets read into this one piece of memory: each read is handled before the next one begins, and no
 * buffer has to be made.
 */
const shared = Buffer.allocUnsafeSlow(HEADROOM + READ_BYTES);
const readInto = shared.subarray(HEADROOM);

export async function openTransport(address: Address, handler: BytesHandler): Promise<Transport> {
  switch (address.over) {
    case 'tcp':
      return openPlain(address, handler);
    case 'tls':
      return openSecure(address, handler);
    case 'websocket':
      return openWebSocket(address, handler);
  }
}

async function openPlain({ port }: Address, handler: BytesHandler): Promise<Transport> {
  const onread = {
    buffer: readInto,
    callback: (count: number): boolean => {
      handler.bytes(shared, HEADROOM, HEADROOM + count);
      handler.chunkDone();
      return true;
    },
  };
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true, onread });
  await opened(socket, 'connect');
  return transportOver(socket, handler);
}

async function openSecure({ port, certificate }: Address, handler: BytesHandler): Promise<Transport> {
  const trust = { ca: certificate ?? '', servername: 'localhost' };
  const socket = connectTls({ port, host: '127.0.0.1', ...trust });
  socket.setNoDelay(true);
  await opened(socket, 'secureConnect');
  socket.on('data', (chunk: Buffer) => {
    withHeadroom(chunk, handler);
    handler.chunkDone();
  });
  return transportOver(socket, handler);
}

async function openWebSocket({ port }: Address, handler: BytesHandler): Promise<Transport> {
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
  await opened(socket, 'connect');
  await webSocketHandshake(socket);
  const path = new WebSocketPath((chunk) => withHeadroom(chunk, handler));
  socket.on('data', (chunk: Buffer) => {
    path.read(chunk);
    handler.chunkDone();
  });
  const plain = transportOver(socket, handler);
  return { ...plain, write: (bytes) => void socket.write(path.frame(bytes)) };
}

/** Hands over a chunk that others allocated: through the shared memory, piece by piece. */
function withHeadroom(chunk: Buffer, handler: BytesHandler): void {
  for (let from = 0; from < chunk.length; from += READ_BYTES) {
    const count = chunk.copy(shared, HEADROOM, from, Math.min(chunk.length, from + READ_BYTES));
    handler.bytes(shared, HEADROOM, HEADROOM + count);
  }
}

function transportOver(socket: Socket, handler: BytesHandler): Transport {
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.once('close', () => handler.closed(failure));
  return {
    write: (bytes) => void socket.write(bytes),
    isFlushed: () => socket.writableLength === 0,
    pause: () => void socket.pause(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(event, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
