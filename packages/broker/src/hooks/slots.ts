import type {
  ConnackEvent,
  ConnectEvent,
  HookName,
  HookTable,
  hookKinds,
  SubscriptionView,
  WillEvent,
} from '@carillon/hooks';
import type { MaybePromise, Message } from '@carillon/persistence';
import {
  type AuthenticationOutcome,
  compileAuthenticate,
  compileAuthenticateEnhanced,
  type EnhancedOutcome,
} from './authenticate.ts';
import { compileCommit } from './commit.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { compileDecide, compileDecideSubscribe, compileDecideSync } from './decide.ts';
import { compileObserve } from './observe.ts';
import { compileRewrite, compileRewriteSync, type Rewritten } from './rewrite.ts';
import {
  connackRewrite,
  connectRewrite,
  deliverRewrite,
  publishRewrite,
  retainedRewrite,
  subscriptionRewrite,
  willRewrite,
} from './rewrites.ts';
import { compileSelect } from './select.ts';
import type { Denied, SubscribeVerdict, Verdict } from './verdict.ts';

export type HookEvent<Name extends HookName> = Parameters<HookTable[Name]>[0];

/** What a compiled hook gives back, by its kind; what the table says where it observes. */
interface ResultsByKind {
  decide: MaybePromise<Verdict>;
  decideSync: Verdict;
  commit: MaybePromise<Denied | undefined>;
  select: number | undefined;
}

/** Where the kind alone does not say it. */
interface ResultsByName {
  authorizeSubscribe: MaybePromise<SubscribeVerdict>;
  authenticate: MaybePromise<AuthenticationOutcome>;
  authenticateEnhanced: MaybePromise<EnhancedOutcome>;
  rewriteConnect: MaybePromise<Rewritten<ConnectEvent['connect']>>;
  rewriteConnack: MaybePromise<Rewritten<ConnackEvent['properties']>>;
  rewritePublish: MaybePromise<Rewritten<Message>>;
  rewriteRetained: MaybePromise<Rewritten<Message | null>>;
  rewriteSubscribe: MaybePromise<Rewritten<SubscriptionView>>;
  rewriteDeliver: Rewritten<Message>;
  rewriteWill: MaybePromise<Rewritten<WillEvent['will'] | null>>;
}

export type HookResult<Name extends HookName> = Name extends keyof ResultsByName
  ? ResultsByName[Name]
  : (typeof hookKinds)[Name] extends keyof ResultsByKind
    ? ResultsByKind[(typeof hookKinds)[Name]]
    : ReturnType<HookTable[Name]>;

export type CompiledHook<Name extends HookName> = (event: HookEvent<Name>) => HookResult<Name>;

/**
 * Every hook as the engine calls it: `null` when nobody registered, otherwise one function that asks all
 * handlers and neither throws nor rejects. Test for `null` before making the event.
 *
 * @example
 * ```ts
 * const { authorizePublish } = hooks.slots;
 * const verdict = authorizePublish === null ? undefined : authorizePublish({ message, client });
 * ```
 */
export type HookSlots = Readonly<WritableSlots>;

/** The same for the registry, which fills them. */
export type WritableSlots = { [Name in HookName]: CompiledHook<Name> | null };

/** The handlers of a hook, in the order in which they are asked. */
export type HookHandlers<Name extends HookName> = readonly ContainedHandler<HookEvent<Name>>[];

type Compilers = { readonly [Name in HookName]: (handlers: HookHandlers<Name>) => WritableSlots[Name] };

/** How each hook is compiled, and which packets would carry its "no". */
export const compilers: Compilers = {
  // Nothing is sent to a connection that is not wanted, so every reason will do.
  authorizeConnection: (handlers) => compileDecide(handlers, []),
  rewriteConnect: (handlers) => compileRewrite(handlers, connectRewrite),
  authenticate: compileAuthenticate,
  authenticateEnhanced: compileAuthenticateEnhanced,
  authorizeTakeover: (handlers) => compileDecide(handlers, ['connack']),
  rewriteConnack: (handlers) => compileRewrite(handlers, connackRewrite),
  connected: compileObserve,
  disconnected: compileObserve,
  authorizePublish: (handlers) => compileDecide(handlers, ['puback', 'pubrec']),
  rewritePublish: (handlers) => compileRewrite(handlers, publishRewrite),
  rewriteRetained: (handlers) => compileRewrite(handlers, retainedRewrite),
  commitPublish: compileCommit,
  published: compileObserve,
  authorizeSubscribe: compileDecideSubscribe,
  rewriteSubscribe: (handlers) => compileRewrite(handlers, subscriptionRewrite),
  subscribed: compileObserve,
  unsubscribed: compileObserve,
  invalidated: compileObserve,
  selectShared: compileSelect,
  authorizeDeliver: compileDecideSync,
  rewriteDeliver: (handlers) => compileRewriteSync(handlers, deliverRewrite),
  delivered: compileObserve,
  acknowledged: compileObserve,
  dropped: compileObserve,
  rewriteWill: (handlers) => compileRewrite(handlers, willRewrite),
  willSent: compileObserve,
  sessionCreated: compileObserve,
  sessionResumed: compileObserve,
  sessionExpired: compileObserve,
  sessionDeleted: compileObserve,
  refused: compileObserve,
  storeFailed: compileObserve,
  hookFailed: compileObserve,
  bridgeChanged: compileObserve,
  started: compileObserve,
  draining: compileObserve,
  stopped: compileObserve,
};

/** Nobody has registered for anything. */
export function emptySlots(): WritableSlots {
  return {
    authorizeConnection: null,
    rewriteConnect: null,
    authenticate: null,
    authenticateEnhanced: null,
    authorizeTakeover: null,
    rewriteConnack: null,
    connected: null,
    disconnected: null,
    authorizePublish: null,
    rewritePublish: null,
    rewriteRetained: null,
    commitPublish: null,
    published: null,
    authorizeSubscribe: null,
    rewriteSubscribe: null,
    subscribed: null,
    unsubscribed: null,
    invalidated: null,
    selectShared: null,
    authorizeDeliver: null,
    rewriteDeliver: null,
    delivered: null,
    acknowledged: null,
    dropped: null,
    rewriteWill: null,
    willSent: null,
    sessionCreated: null,
    sessionResumed: null,
    sessionExpired: null,
    sessionDeleted: null,
    refused: null,
    storeFailed: null,
    hookFailed: null,
    bridgeChanged: null,
    started: null,
    draining: null,
    stopped: null,
  };
}
