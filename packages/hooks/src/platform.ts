/**
 * What the engine takes from the world around it. The engine itself never calls `Date`, `setTimeout` or
 * `Math.random`: with the testkit's versions of these the whole broker runs in memory under a clock turned
 * by hand, and a failing run replays exactly.
 */

/** Time, and the means to be called later. */
export interface Clock {
  /** Milliseconds since 1970: for instants that are stored or shown. May jump when the system clock is set. */
  now(): number;
  /** Milliseconds since some fixed moment: for durations. Never goes back. */
  elapsed(): number;
  /** Calls `task` once, `delay` milliseconds from now. */
  schedule(delay: number, task: () => void): ScheduledTask;
}

/** A call that a {@link Clock} was asked for. */
export interface ScheduledTask {
  /** Takes the call back; after it was made this does nothing. */
  cancel(): void;
}

/** Where a turn ends: everything that arrived in it was handled, and what was gathered goes out together. */
export interface Scheduler {
  /** Calls `task` at the end of the current turn. Tasks run in the order in which they were given. */
  atEndOfTurn(task: () => void): void;
}

/** Fills `target` with random bytes; they name clients, so they should not be guessable. */
export type RandomSource = (target: Uint8Array) => void;

/** Log functions in the shape of pino, so that a pino instance is a `Logger` as it stands. */
export interface Logger {
  /** Each connection, session and refusal as it happens. */
  debug(details: object, message: string): void;
  /** Good to know though nothing is wrong, such as a store that works again. */
  info(details: object, message: string): void;
  /** The broker goes on, but somebody should look. */
  warn(details: object, message: string): void;
  /** Something failed that should not: a plugin, the store. */
  error(details: object, message: string): void;
}
