import type { HookFailedEvent, HookName } from '@carillon/hooks';

/** How a hook can fail. */
export type HookFailure = HookFailedEvent['failure'];

/** What went wrong, for programs. These never change their meaning. */
export type HookErrorCode =
  | 'HOOK_THREW'
  | 'HOOK_TIMED_OUT'
  | 'HOOK_IMPOSSIBLE_ANSWER'
  | 'HOOK_LATE_ANSWER'
  | 'HOOK_PROMISE_FROM_SYNC';

const codes = {
  threw: 'HOOK_THREW',
  'timed-out': 'HOOK_TIMED_OUT',
  'impossible-answer': 'HOOK_IMPOSSIBLE_ANSWER',
  'late-answer': 'HOOK_LATE_ANSWER',
  'promise-from-sync': 'HOOK_PROMISE_FROM_SYNC',
} as const satisfies Record<HookFailure, HookErrorCode>;

/**
 * A plugin's hook failed: it threw or rejected, took too long, or answered what cannot be.
 *
 * It is logged and told to `hookFailed`, never thrown at the engine: the packet the hook was asked about is
 * refused, and the broker lives on. What the plugin threw is the `cause`.
 */
export class HookError extends Error {
  readonly code: HookErrorCode;
  /** The name of the plugin. */
  readonly plugin: string;
  readonly hook: HookName;
  readonly failure: HookFailure;

  constructor(plugin: string, hook: HookName, failure: HookFailure, what: string, cause?: unknown) {
    super(`Plugin "${plugin}", hook ${hook}: ${what}`, cause === undefined ? undefined : { cause });
    this.name = 'HookError';
    this.code = codes[failure];
    this.plugin = plugin;
    this.hook = hook;
    this.failure = failure;
  }
}

/** The words of whatever was thrown. An error may be made so that even reading it throws. */
export function describeThrown(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'something that cannot be shown';
  }
}
