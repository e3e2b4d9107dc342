/** What an attempt came to, for the message. */
export type Verdict =
  /** The receiver has it. */
  | 'delivered'
  /** Another attempt may succeed. */
  | 'again'
  /** The same request would get the same answer. */
  | 'final'
  /** The receiver wants no more of this webhook. */
  | 'gone';

/** Request Timeout, Too Early, Too Many Requests: refusals of the moment. */
const passing = new Set([408, 425, 429]);

/** What a status says. A redirect is not followed: where a message goes is the host's to say, not the receiver's. */
export function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'delivered';
  if (status === 410) return 'gone';
  return status >= 400 && status < 500 && !passing.has(status) ? 'final' : 'again';
}

/**
 * Milliseconds that a receiver asks to be left alone. RFC 9110 §10.2.3: seconds, or a date.
 *
 * @param now Milliseconds since 1970.
 */
export function retryAfter(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  if (/^ *\d{1,10} *$/.test(header)) return Number(header) * 1000;
  const date = /[A-Za-z]/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
