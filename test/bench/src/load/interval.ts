import { cpuSecondsOf } from './process-figures.ts';

/** What happened between two instants. */
export interface Interval {
  readonly seconds: number;
  /** Of all brokers together. */
  readonly brokerCpuSeconds: number;
  /** This process's own share of a core. */
  readonly generatorShare: number;
}

/** Begins to measure; the function returned ends it. */
export function startInterval(...brokerPids: readonly number[]): () => Interval {
  const ofAll = () => brokerPids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  const broker = ofAll();
  const own = process.cpuUsage();
  const started = performance.now();
  return () => {
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(own);
    return {
      seconds,
      brokerCpuSeconds: ofAll() - broker,
      generatorShare: (user + system) / 1e6 / seconds,
    };
  };
}

/**
 * How many units a second there were, and how many microseconds of processor time each cost the broker.
 *
 * @throws When there were none: then nothing was measured.
 */
export function ratesOf(
  { seconds, brokerCpuSeconds }: Interval,
  units: number,
): { rate: number; cpu: number } {
  if (units === 0) throw new Error('nothing was done while it was measured');
  return { rate: units / seconds, cpu: (brokerCpuSeconds * 1e6) / units };
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/**
 * Waits for a load to run warm: for so many seconds, and on a busy machine longer, up to five times that, until so
 * many of its units are done. A broker on Node is slow until its code has been compiled.
 */
export async function warmUp(seconds: number, units: number, done: () => number): Promise<void> {
  for (let times = 0; times < 5 && (times === 0 || done() < units); times++) await pause(seconds);
}
