import {
  type Broker,
  type Decision,
  type DeliverEvent,
  definePlugin,
  type Plugin,
  type PublishEvent,
  type SubscribeDecision,
  type SubscribeEvent,
} from '@carillon/hooks';
import { parseSharedFilter } from '@carillon/topics';
import { AclFile } from './acl-file.ts';
import { type AclOptions, type SettledAclOptions, settleOptions } from './acl-options.ts';
import type { AclRule } from './acl-rule.ts';
import { compileRules } from './compile-rules.ts';
import { actionBits } from './compiled-rule.ts';
import { readRuleObjects } from './read-objects.ts';
import type { RuleSet } from './rule-set.ts';
import { noRule, VerdictCache } from './verdict-cache.ts';

/** The plugin, and what can be done with its rules while it runs. */
export interface AclPlugin extends Plugin {
  /**
   * Puts other rules in the place of those that were given as objects. Every connected client is judged anew:
   * subscriptions that are not allowed any more end.
   *
   * @throws AclError when a rule cannot be, or the rules come from a file; then the old ones stay in force.
   */
  replaceRules(rules: readonly AclRule[]): Promise<void>;
  /** Looks at the file now rather than at the next turn of the clock; resolves when the clients are judged anew. */
  reload(): Promise<void>;
}

/** Bridges do what the host told them to. */
const bridges = Object.freeze({ allow: true, because: 'bridges belong to the host' });
/** Mosquitto grants every subscription, and narrows it at delivery. */
const granted = Object.freeze({
  allow: true,
  maximumQoS: 2,
  because: 'every subscription is granted; delivery is narrowed to what may be read',
});

/** A subscription is about what may be received, too. */
const receiving = actionBits.subscribe | actionBits.receive;

/**
 * Decides by rules who may publish, subscribe to and receive what. A client of whom no rule speaks gets no opinion of
 * this plugin: it may do nothing, unless another plugin allows it.
 *
 * @throws AclError when an option, the file or a rule cannot be.
 * @example
 * ```ts
 * broker.use(aclAuth({ file: 'acl.txt' }));
 * ```
 */
export function aclAuth(options: AclOptions): AclPlugin {
  const acl = new Acl(settleOptions(options));
  return definePlugin({
    name: options.name ?? 'auth-acl',
    hooks: {
      authorizePublish: (event) => acl.authorizePublish(event),
      authorizeSubscribe: (event) => acl.authorizeSubscribe(event),
      authorizeDeliver: (event) => acl.authorizeDeliver(event),
      invalidated: ({ client }) => acl.forget(client),
    },
    setup: (broker, platform) => acl.start(broker, platform),
    close: () => acl.stop(),
    replaceRules: (rules: readonly AclRule[]) => acl.replaceRules(rules),
    reload: () => acl.reload(),
  });
}

class Acl {
  readonly #options: SettledAclOptions;
  readonly #file: AclFile | undefined;
  readonly #cache: VerdictCache;
  #rules: RuleSet;
  #broker: Broker | undefined = undefined;
  /** Settles when everybody has been judged by the rules in force. */
  #judging: Promise<void> = Promise.resolve();

  constructor(options: SettledAclOptions) {
    this.#options = options;
    this.#cache = new VerdictCache(options.cachedTopics);
    const { source, maximumFileSize: maximumBytes, checkInterval: interval } = options;
    if (source.kind === 'file') {
      this.#file = new AclFile({ ...source, maximumBytes, interval });
      this.#rules = this.#file.rules;
    } else {
      this.#file = undefined;
      this.#rules = compileRules(readRuleObjects(source.rules));
    }
  }

  authorizePublish({ message, client, publisher }: PublishEvent): Decision {
    if (message.origin === 'bridge') return bridges;
    const principal = client ?? publisher;
    if (principal === undefined) return undefined;
    const { publish } = this.#cache.of(principal);
    let finding = publish.get(message.topic);
    if (finding === undefined) {
      const topic = message.topic.slice(principal.mountPoint.length);
      // Only the Will of a client that is gone for long comes without one: it is refused where that is a doubt.
      finding = this.#rules.findForTopic(topic, actionBits.publish, { principal, client }, 'deny') ?? noRule;
      this.#cache.remember(publish, message.topic, finding);
    }
    return finding === noRule ? undefined : finding.forPublish(message.qos, message.retain);
  }

  authorizeSubscribe({ client, subscription }: SubscribeEvent): SubscribeDecision {
    const { subscriptions } = this.#options;
    if (subscriptions === 'narrow' && this.#rules.grantsEverySubscription) return granted;
    const filter = parseSharedFilter(subscription.filter)?.filter ?? subscription.filter;
    return this.#rules.judgeFilter(filter, { principal: client, client }, subscriptions);
  }

  authorizeDeliver({ message, client, receiver }: DeliverEvent): Decision {
    const { receive } = this.#cache.of(client ?? receiver);
    let finding = receive.get(message.topic);
    if (finding === undefined) {
      const topic = message.topic.slice(receiver.mountPoint.length);
      // While a client is away its messages may wait where that is a doubt: they are asked about again with it.
      const subject = { principal: receiver, client };
      finding = this.#rules.findForTopic(topic, receiving, subject, 'allow') ?? noRule;
      this.#cache.remember(receive, message.topic, finding);
    }
    return finding === noRule ? undefined : finding.forReceive();
  }

  forget(client: Parameters<VerdictCache['forget']>[0]): void {
    this.#cache.forget(client);
  }

  start(broker: Broker, { clock, logger }: Parameters<NonNullable<Plugin['setup']>>[1]): void {
    this.#broker = broker;
    this.#file?.follow(clock, logger, (rules) => this.#putInForce(rules));
  }

  stop(): void {
    this.#file?.close();
    this.#broker = undefined;
  }

  async replaceRules(rules: readonly AclRule[]): Promise<void> {
    if (this.#file !== undefined) throw this.#options.noObjects();
    this.#putInForce(compileRules(readRuleObjects(rules)));
    await this.#judging;
  }

  async reload(): Promise<void> {
    await this.#file?.look();
    await this.#judging;
  }

  #putInForce(rules: RuleSet): void {
    this.#rules = rules;
    this.#cache.renew();
    this.#judging = Promise.allSettled([this.#judging, this.#judgeEverybody()]).then(() => {});
  }

  async #judgeEverybody(): Promise<void> {
    for (const client of this.#broker?.clients() ?? []) await client.invalidate();
  }
}
