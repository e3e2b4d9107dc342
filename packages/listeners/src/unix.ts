import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { ListenerError } from './errors.ts';

/**
 * Makes way for a Unix socket: removes the file a dead process left behind, and refuses when somebody listens
 * there or when the file is something else.
 *
 * @throws {ListenerError} `LISTENER_ADDRESS_IN_USE`, `LISTENER_PATH_NOT_A_SOCKET`, `LISTENER_FAILED`
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(ifMissing);
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new ListenerError('LISTENER_PATH_NOT_A_SOCKET', `path '${path}' is a file that is not a socket`);
  }
  if (await isAnswered(path)) {
    throw new ListenerError('LISTENER_ADDRESS_IN_USE', `path '${path}': another process listens there`);
  }
  await unlink(path).catch(ifMissing);
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw new ListenerError(
    'LISTENER_FAILED',
    `The file of the Unix socket cannot be looked at: ${error.message}`,
    error,
  );
}

/** Only a refused connection proves that nobody listens; a full backlog or a missing permission does not. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}
