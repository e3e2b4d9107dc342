import type { Broker, DropReason } from '@carillon/hooks';

/** A copy that was dropped, as the hook `dropped` told it. */
export interface Drop {
  readonly reason: DropReason;
  readonly clientId: string | undefined;
  readonly text: string;
}

/** Everything that is dropped from now on, in order. */
export function recordDrops(broker: Broker): Drop[] {
  const drops: Drop[] = [];
  broker.use({
    name: 'record drops',
    hooks: {
      dropped: ({ message, reason, clientId }) => {
        drops.push({ reason, clientId, text: new TextDecoder().decode(message.payload) });
      },
    },
  });
  return drops;
}
