import { createBroker } from 'carillon';

const broker = createBroker({
  limits: {
    maximumPacketSize: 262_144,
    maximumQueuedMessages: 10_000,
    maximumSessionExpiryInterval: 7 * 24 * 3600,
  },
  queueOverflow: 'drop-oldest',
  shareStrategy: 'sticky',
  hookTimeout: 2000,
  logger: console,
});

console.log(broker.limits.maximumPacketSize, broker.limits.maximumInflight); // 262144 100

export { broker };
