import {
  type HookHandler,
  type HookKind,
  type HookName,
  hookKinds,
  type PlacedHandler,
  type Plugin,
} from '@carillon/hooks';
import { describeValue } from '@carillon/hooks/checks';
import { nearNames } from './near-names.ts';
import { InvalidPluginError } from './plugin-error.ts';

export const hookNames: readonly HookName[] = Object.keys(hookKinds).filter(isHookName);

function isHookName(name: string): name is HookName {
  return Object.hasOwn(hookKinds, name);
}

/** What a timer can count; Node's would fire at once beyond it. */
const longestTimeout = 2_147_483_647;

/**
 * Looks at a plugin before anything is done with it. JavaScript does not check the types, and a mistyped hook
 * name would otherwise be a rule that nobody enforces. Throws {@link InvalidPluginError}.
 */
export function checkPlugin(plugin: Plugin): void {
  if (typeof plugin !== 'object' || plugin === null) {
    throw invalid(`A plugin must be an object with a name, not ${describeValue(plugin)}.`);
  }
  const { name, timeoutMs, hooks, setup, close } = plugin;
  if (typeof name !== 'string' || name === '') {
    throw invalid(`A plugin needs a name: a string that is not empty, not ${describeValue(name)}.`);
  }
  if (timeoutMs !== undefined && !isTimeout(timeoutMs)) {
    throw invalid(
      `Plugin "${name}": timeoutMs is ${describeValue(timeoutMs)}; it must be milliseconds, above 0 and at most ${longestTimeout}.`,
    );
  }
  checkOptionalFunction(name, 'setup', setup);
  checkOptionalFunction(name, 'close', close);
  if (hooks !== undefined) checkHooks(name, hooks);
}

function isTimeout(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= longestTimeout;
}

function checkOptionalFunction(plugin: string, field: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw invalid(`Plugin "${plugin}": ${field} is ${describeValue(value)}; it must be a function.`);
}

function checkHooks(plugin: string, hooks: unknown): void {
  if (typeof hooks !== 'object' || hooks === null) {
    throw invalid(`Plugin "${plugin}": hooks is ${describeValue(hooks)}; it must be an object of handlers.`);
  }
  for (const [hook, entry] of Object.entries(hooks)) {
    if (!isHookName(hook)) throw invalid(`Plugin "${plugin}": there is no hook ${hook}; ${suggest(hook)}`);
    if (entry !== undefined) checkHandler(plugin, hook, entry);
  }
}

function suggest(hook: string): string {
  const near = nearNames(hook, hookNames);
  return near.length === 0 ? `there are ${hookNames.join(', ')}.` : `did you mean ${near.join(' or ')}?`;
}

function checkHandler(plugin: string, hook: HookName, entry: unknown): void {
  if (typeof entry === 'function') return;
  if (
    typeof entry !== 'object' ||
    entry === null ||
    !('handler' in entry) ||
    typeof entry.handler !== 'function'
  ) {
    throw invalid(
      `Plugin "${plugin}": hook ${hook} is ${describeValue(entry)}; it must be a function, or an object with a handler.`,
    );
  }
  if ('priority' in entry && !isOptionalNumber(entry.priority)) {
    throw invalid(`Plugin "${plugin}": the priority of hook ${hook} must be a finite number.`);
  }
  if (!('onlyRefuses' in entry) || entry.onlyRefuses === undefined) return;
  if (typeof entry.onlyRefuses !== 'boolean') {
    throw invalid(`Plugin "${plugin}": onlyRefuses of hook ${hook} must be true or false.`);
  }
  if (!decidingKinds.includes(hookKinds[hook])) {
    throw invalid(`Plugin "${plugin}": hook ${hook} does not decide, so onlyRefuses means nothing.`);
  }
}

const decidingKinds: readonly HookKind[] = ['decide', 'decideSync', 'authenticate'];

function isOptionalNumber(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value));
}

function invalid(message: string): InvalidPluginError {
  return new InvalidPluginError('PLUGIN_INVALID', message);
}

/** Both forms in which a plugin may write a handler, as one. */
export function placed<Name extends HookName>(
  entry: HookHandler<Name> | PlacedHandler<Name>,
): Required<PlacedHandler<Name>> {
  const {
    handler,
    priority = 0,
    onlyRefuses = false,
  } = typeof entry === 'function' ? { handler: entry } : entry;
  return { handler, priority, onlyRefuses };
}
