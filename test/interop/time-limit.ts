/** Longer than anything here takes, shorter than a test may take: so a test that waits in vain says for what. */
const longestWait = 12_000;

/** The promise's outcome, or an error that names what did not happen. */
export function within<T>(what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const inVain = (): void => reject(new Error(`waited ${longestWait} ms in vain for ${what}`));
    const timer = setTimeout(inVain, longestWait);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
