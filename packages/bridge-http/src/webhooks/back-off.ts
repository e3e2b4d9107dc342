import type { RandomSource } from '@carillon/hooks';
import type { WebhookBackOff } from './webhook-options.ts';

/**
 * Milliseconds from a failed attempt to the next one: doubling, half of it by chance, so that many senders do not come
 * back to one receiver in the same moment.
 *
 * @param failures The attempts that have failed, this one counted.
 */
export function backOffAfter(
  failures: number,
  { minimum, maximum }: Required<WebhookBackOff>,
  random: RandomSource,
): number {
  const whole = Math.min(maximum, minimum * 2 ** Math.min(failures - 1, 30));
  const bytes = new Uint8Array(4);
  random(bytes);
  const chance = new DataView(bytes.buffer).getUint32(0) / 0x1_0000_0000;
  return whole / 2 + (whole / 2) * chance;
}
