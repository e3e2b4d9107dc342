import type {
  Broker,
  ClientView,
  ConnectEvent,
  EnhancedEvent,
  HookFailedEvent,
  HookStats,
  Plugin,
  PublishEvent,
  Registration,
  SubscribeEvent,
} from '@carillon/hooks';
import type { Message } from '@carillon/persistence';
import { ManualClock, recordingLogger, seededRandom } from '@carillon/testkit';
import { HookRegistry } from '../../src/hooks/registry.ts';

/** Milliseconds, as the laboratory's registry has it. */
export const defaultTimeout = 1000;

/** A registry with nothing around it: a clock turned by hand, and a log to look at. */
export class HookLaboratory {
  readonly clock = new ManualClock();
  readonly logger = recordingLogger();
  readonly random = seededRandom(1);
  readonly hooks = new HookRegistry({
    clock: this.clock,
    random: this.random,
    logger: this.logger,
    defaultTimeout,
  });
  readonly broker: Broker = idleBroker();

  get slots() {
    return this.hooks.slots;
  }

  use(plugin: Plugin): Registration {
    return this.hooks.use(plugin, this.broker);
  }

  /** Registers a plugin that writes down what `hookFailed` tells it. */
  watchFailures(): HookFailedEvent[] {
    const failures: HookFailedEvent[] = [];
    this.use({ name: 'watch', hooks: { hookFailed: (event) => void failures.push(event) } });
    return failures;
  }
}

/** Hands a value over as JavaScript would: no type stands in the way of the wrong one. */
export function untyped(value: unknown) {
  const key: string = 'value';
  return Reflect.get({ value }, key);
}

/** A promise, and the means to settle it. */
export function promiseByHand<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (thrown: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** Calls a slot that must be filled. */
export function ask<Event, Result>(slot: ((event: Event) => Result) | null, event: Event): Result {
  if (slot === null) throw new Error('Nobody has registered for this hook.');
  return slot(event);
}

export function statsOf(registration: Registration, hook: keyof ReturnType<Registration['stats']>['hooks']) {
  const stats: HookStats | undefined = registration.stats().hooks[hook];
  if (stats === undefined) throw new Error(`The plugin has no handler for ${hook}.`);
  return stats;
}

function idleBroker(): Broker {
  const idle = (): never => {
    throw new Error('This broker does nothing.');
  };
  return {
    use: idle,
    handle: idle,
    connectInProcess: idle,
    connectOnBehalf: idle,
    bridgeChanged: idle,
    publish: idle,
    subscribe: idle,
    messages: idle,
    client: idle,
    clients: idle,
    session: idle,
    sessions: idle,
    endSession: idle,
    inflight: () => undefined,
    subscriptions: idle,
    shares: idle,
    retained: idle,
    retainedMessages: idle,
    clearRetained: idle,
    counters: idle,
    explain: idle,
    close: idle,
  };
}

export const message: Message = {
  topic: 'site/7/temperature',
  payload: new Uint8Array([50, 49]),
  qos: 1,
  retain: false,
  properties: {},
  origin: 'client',
  publisherId: 'thermometer',
  receivedAt: 1_000_000,
  expiresAt: undefined,
};

export const client: ClientView = {
  id: 'thermometer',
  username: 'ann',
  identity: 'ann',
  groups: [],
  protocolVersion: 5,
  cleanStart: true,
  keepAlive: 60,
  sessionExpiryInterval: 0,
  mountPoint: '',
  limits: {},
  remote: { transport: 'stream', encrypted: false },
  connectedAt: 900_000,
  userProperties: [],
  bridge: false,
};

export const publishEvent: PublishEvent = { message, client, publisher: client };

export const connectEvent: ConnectEvent = {
  remote: client.remote,
  connect: {
    protocolVersion: 5,
    bridge: false,
    clientId: 'thermometer',
    cleanStart: true,
    keepAlive: 60,
    username: 'ann',
    properties: { receiveMaximum: 10 },
  },
};

export const authenticateEvent = {
  ...connectEvent,
  clientId: 'thermometer',
  username: 'ann',
  password: undefined,
};

export const enhancedEvent: EnhancedEvent = {
  ...connectEvent,
  clientId: 'thermometer',
  method: 'SCRAM-SHA-256',
  data: undefined,
  round: 0,
  client: undefined,
  exchange: {},
};

export const subscribeEvent: SubscribeEvent = {
  client,
  subscription: {
    filter: 'site/+/temperature',
    shareName: undefined,
    qos: 2,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: undefined,
  },
};

export const deliverEvent = {
  message,
  clientId: 'display',
  identity: undefined,
  receiver: { id: 'display', identity: undefined, groups: [], mountPoint: '' },
  client: undefined,
};
