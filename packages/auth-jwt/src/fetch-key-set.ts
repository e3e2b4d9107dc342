import { KeyFault } from './verification-key.ts';

/** Where a JWKS is, and how it is asked for. */
export interface KeySetAddress {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
}

/** A JWKS is never larger. */
const maximumBytes = 1_048_576;

/**
 * Asks for a JWKS. A redirect is not followed, and no more is read than a set can have.
 *
 * @throws {KeyFault} when the answer is none; what `fetch` throws when there is no answer.
 */
export async function fetchKeySet(address: KeySetAddress, signal: AbortSignal): Promise<unknown> {
  const { fetch, url, headers } = address;
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json', ...headers },
    redirect: 'manual',
    signal,
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new KeyFault(`the answer has the status ${response.status}`);
  }
  const text = await readBounded(response);
  try {
    return JSON.parse(text);
  } catch {
    throw new KeyFault('the answer is no JSON');
  }
}

async function readBounded({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maximumBytes) throw new KeyFault(`the answer has more than ${maximumBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Says why there is no set: `fetch failed` alone would help nobody. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
