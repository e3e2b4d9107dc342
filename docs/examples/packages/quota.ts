import { definePlugin, deny, ReasonCode } from 'carillon';

/** Lets each client publish so many messages in so many milliseconds, and refuses what is beyond. */
export function quota({ messages, per }: { messages: number; per: number }) {
  const recent = new Map<string, number[]>();
  return definePlugin({
    name: 'quota',
    hooks: {
      authorizePublish({ message: { publisherId, receivedAt } }) {
        const times = (recent.get(publisherId) ?? []).filter((time) => time > receivedAt - per);
        recent.set(publisherId, times);
        if (times.length >= messages) return deny(ReasonCode.QuotaExceeded);
        times.push(receivedAt);
        return true;
      },
    },
  });
}
