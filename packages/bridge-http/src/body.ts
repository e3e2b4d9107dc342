import type { IncomingMessage } from 'node:http';
import type { Clock } from '@carillon/hooks';
import { Problem, SenderGone } from './problem.ts';

/** How large a body may be, and how long it may take. */
export interface BodyLimits {
  readonly maximumBodyBytes: number;
  /** Milliseconds. */
  readonly bodyTimeout: number;
}

/**
 * Reads a body whole, and no more of it than allowed.
 *
 * @throws {Problem} 413 when it is too large, 408 when it takes too long.
 * @throws {SenderGone} when it breaks off.
 */
export function readBody(request: IncomingMessage, clock: Clock, limits: BodyLimits): Promise<Uint8Array> {
  const { maximumBodyBytes } = limits;
  if (request.readableEnded) return Promise.resolve(alreadyRead(request));
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maximumBodyBytes) return Promise.reject(tooLarge(maximumBodyBytes));
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const patience = clock.schedule(limits.bodyTimeout, () => {
      stop(new Problem(408, `the body was not whole after ${limits.bodyTimeout} ms`, { closes: true }));
    });
    const stop = (outcome: Error | undefined): void => {
      patience.cancel();
      request.off('data', take).off('end', finish).off('close', lose).off('error', lose);
      if (outcome === undefined) resolve(Buffer.concat(chunks, length));
      else {
        // Reset connections tell their error once more.
        request.on('error', () => {});
        reject(outcome);
      }
    };
    const take = (chunk: Uint8Array): void => {
      length += chunk.length;
      if (length > maximumBodyBytes) stop(tooLarge(maximumBodyBytes));
      else chunks.push(chunk);
    };
    const finish = (): void => stop(request.complete ? undefined : new SenderGone('the body broke off'));
    const lose = (): void => stop(new SenderGone('the body broke off'));
    request.on('data', take).on('end', finish).on('close', lose).on('error', lose);
    if (request.destroyed) lose();
  });
}

function tooLarge(most: number): Problem {
  return new Problem(413, `the body has more than ${most} bytes`, { closes: true });
}

/** A body parser of the host was there first: what it kept as bytes or text is the body all the same. */
function alreadyRead(request: IncomingMessage): Uint8Array {
  const body: unknown = 'body' in request ? request.body : undefined;
  if (body instanceof Uint8Array) return body;
  if (typeof body === 'string') return Buffer.from(body);
  if (isEmpty(request)) return new Uint8Array();
  throw new Problem(500, 'the body was read by somebody else: mount the bridge before the parsers of bodies');
}

function isEmpty({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}
