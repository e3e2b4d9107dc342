import type { MaybePromise } from '@carillon/persistence';
import { type Ask, type AskSync, contain, containSync, isPending, type Reading } from './ask.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { type Denied, failedBy } from './verdict.ts';

/**
 * What the handlers of a rewriting hook came to: what the event was about, as they left it. It is the same
 * object when nobody changed anything, and `null` where a handler may answer so and one did.
 */
export type Rewritten<Subject> = RewriteDone<Subject> | RewriteFailed;

export interface RewriteDone<Subject> {
  readonly ok: true;
  readonly value: Subject;
}

/** A handler failed: the packet is refused. */
export interface RewriteFailed {
  readonly ok: false;
  readonly refusal: Denied;
}

/** How one hook's answers change its event. */
export interface Rewrite<Event, Subject extends object | null> {
  /** The part of the event that is rewritten. */
  subject(event: Event): Subject;
  /** Checks an answer, never `undefined`, and makes the changed subject of it. Throws `ImpossibleValue`. */
  apply(answer: unknown, event: Event): Subject;
  /** The event as the next handler sees it. */
  eventWith(event: Event, subject: NonNullable<Subject>): Event;
}

/** Compiles a hook that rewrites: every handler sees what the one before made of it; a failure refuses. */
export function compileRewrite<Event, Subject extends object | null>(
  handlers: readonly ContainedHandler<Event>[],
  rewrite: Rewrite<Event, Subject>,
): (event: Event) => MaybePromise<Rewritten<Subject>> {
  const asks = handlers.map((handler) => contain(handler, readingOf(handler.plugin, rewrite)));
  const [only] = asks;
  if (only !== undefined && asks.length === 1) return rewriteOnce(only, rewrite);
  return (event) => rewriteFrom(0, asks, rewrite, event);
}

/** The same for synchronous hooks. */
export function compileRewriteSync<Event, Subject extends object | null>(
  handlers: readonly ContainedHandler<Event>[],
  rewrite: Rewrite<Event, Subject>,
): (event: Event) => Rewritten<Subject> {
  const asks = handlers.map((handler) => containSync(handler, readingOf(handler.plugin, rewrite)));
  const [only] = asks;
  if (only !== undefined && asks.length === 1) return (event) => only(event) ?? unchanged(event, rewrite);
  return (event) => rewriteAllSync(asks, rewrite, event);
}

function readingOf<Event, Subject extends object | null>(
  plugin: string,
  rewrite: Rewrite<Event, Subject>,
): Reading<Event, Rewritten<Subject>> {
  const failed: RewriteFailed = Object.freeze({ ok: false, refusal: failedBy(plugin, 0x80) });
  return {
    read: (answer, event) =>
      answer === undefined ? undefined : { ok: true, value: rewrite.apply(answer, event) },
    failed: () => failed,
  };
}

function rewriteOnce<Event, Subject extends object | null>(
  ask: Ask<Event, Rewritten<Subject>>,
  rewrite: Rewrite<Event, Subject>,
): (event: Event) => MaybePromise<Rewritten<Subject>> {
  return (event) => {
    const result = ask(event);
    if (!isPending(result)) return result ?? unchanged(event, rewrite);
    return result.then((settled) => settled ?? unchanged(event, rewrite));
  };
}

function rewriteFrom<Event, Subject extends object | null>(
  start: number,
  asks: readonly Ask<Event, Rewritten<Subject>>[],
  rewrite: Rewrite<Event, Subject>,
  original: Event,
): MaybePromise<Rewritten<Subject>> {
  let event = original;
  for (let index = start; index < asks.length; index++) {
    const result = asks[index]?.(event);
    if (isPending(result)) {
      const sofar = event;
      return result.then((settled) => {
        if (settled !== undefined && isFinal(settled)) return settled;
        return rewriteFrom(index + 1, asks, rewrite, nextEvent(sofar, settled, rewrite));
      });
    }
    if (result !== undefined && isFinal(result)) return result;
    event = nextEvent(event, result, rewrite);
  }
  return unchanged(event, rewrite);
}

function rewriteAllSync<Event, Subject extends object | null>(
  asks: readonly AskSync<Event, Rewritten<Subject>>[],
  rewrite: Rewrite<Event, Subject>,
  original: Event,
): Rewritten<Subject> {
  let event = original;
  for (const ask of asks) {
    const result = ask(event);
    if (result !== undefined && isFinal(result)) return result;
    event = nextEvent(event, result, rewrite);
  }
  return unchanged(event, rewrite);
}

/** A failure and `null` leave nothing for the next handler. */
function isFinal<Subject>(result: Rewritten<Subject>): boolean {
  return !result.ok || result.value === null;
}

function nextEvent<Event, Subject extends object | null>(
  event: Event,
  result: Rewritten<Subject> | undefined,
  rewrite: Rewrite<Event, Subject>,
): Event {
  if (result === undefined || !result.ok || result.value === null) return event;
  return rewrite.eventWith(event, result.value);
}

function unchanged<Event, Subject extends object | null>(
  event: Event,
  rewrite: Rewrite<Event, Subject>,
): Rewritten<Subject> {
  return { ok: true, value: rewrite.subject(event) };
}
