import type { ChildProcess } from 'node:child_process';

/** How a child process ends: by our will, or by itself. */
export interface Ending {
  /** Fails when it ends before it was told to. */
  readonly unexpected: Promise<never>;
  /** Why it ended by itself, if it did. */
  readonly death: string | undefined;
  stop(): Promise<void>;
}

/** Enough of what it said to see what was wrong. */
const LAST_WORDS = 2000;

const running = new Set<ChildProcess>();
// Whatever ends this process, its children go with it.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function ending(child: ChildProcess): Ending {
  let words = '';
  let death: string | undefined;
  let isStopping = false;
  running.add(child);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-LAST_WORDS);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(`it ended with ${signal ?? `code ${code}`}: ${words.trim()}`),
    );
  });
  const unexpected = ended.then((why): never => {
    running.delete(child);
    if (!isStopping) death = why;
    throw new Error(why);
  });
  unexpected.catch(() => {});
  return {
    unexpected,
    get death() {
      return death;
    },
    stop: async () => {
      isStopping = true;
      // Nothing it holds is worth a farewell.
      child.kill('SIGKILL');
      await ended;
    },
  };
}
