import { createBroker, definePlugin, deny, ReasonCode } from 'carillon';

const broker = createBroker();
await broker.listen({ port: 1883 });

const rules = definePlugin({
  name: 'rules',
  timeoutMs: 2000,
  hooks: {
    // Decides: true, false, a refusal with a reason, or undefined for "no opinion".
    authorizePublish({ message, client }) {
      if (message.topic.startsWith('commands/')) return client?.identity === 'operator';
      if (message.payload.length > 10_000) return deny(ReasonCode.QuotaExceeded, 'at most 10 kB');
      return true;
    },
    // Rewrites: the parts that change, or undefined. A higher priority comes first.
    rewritePublish: {
      priority: 10,
      handler: ({ message }) => ({ topic: message.topic.toLowerCase() }),
    },
    // Commits: awaited before the acknowledgement; throwing refuses the message.
    async commitPublish({ message }, { signal }) {
      await database.insert(message.topic, message.payload, { signal });
    },
    // Is told: never awaited.
    dropped({ message, reason, clientId }) {
      console.log(`dropped ${message.topic} for ${clientId}: ${reason}`);
    },
    hookFailed({ plugin, hook, error }) {
      console.error(`${plugin} failed in ${hook}`, error);
    },
  },
});

const registration = broker.use(rules);
await registration.ready;

console.log(registration.stats().hooks.authorizePublish); // { calls, failures, timeouts, lateAnswers, pending }

export { broker, registration };

export const database = {
  rows: [] as string[],
  async insert(topic: string, payload: Uint8Array, { signal }: { signal: AbortSignal }) {
    signal.throwIfAborted();
    if (payload.length === 0) throw new Error('a row needs a value');
    this.rows.push(`${topic} ${payload.length}`);
  },
};
