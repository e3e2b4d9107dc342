import { type ConnectDraft, Laboratory, type LaboratoryClientOptions, PacketClient } from '@carillon/testkit';
import { type BrokerOptions, createBroker, type RefusedEvent } from 'carillon';
import { onTestFinished } from 'vitest';
import { type AuthGuardOptions, authGuard } from '../src/index.ts';

/** A broker in a laboratory with a guard, and a list of users who know the password `right`. */
export function guardedBroker(options: AuthGuardOptions = {}, more: BrokerOptions = {}) {
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform, logger: laboratory.logger, ...more });
  const guard = authGuard(options);
  broker.use(guard);
  const refused: RefusedEvent[] = [];
  broker.use({
    name: 'watch',
    hooks: {
      refused: (event) => void refused.push(event),
    },
  });
  onTestFinished(async () => {
    const closed = broker.close({ within: 0 });
    await laboratory.settle();
    await closed;
  });
  const arrive = (how: Omit<LaboratoryClientOptions, 'laboratory'> = {}): PacketClient =>
    PacketClient.connect(broker, { laboratory, ...how });
  return {
    laboratory,
    broker,
    guard,
    refused,
    arrive,
    connect: (draft?: ConnectDraft, how?: Omit<LaboratoryClientOptions, 'laboratory'>) =>
      laboratory.connect(broker, draft, how),
    /** Bans, and lets the store write it down. */
    ban: async (...[request]: Parameters<typeof guard.ban>) => {
      const banned = guard.ban(request);
      // Whoever awaits it sees a refusal; until then nobody is to be told of it.
      banned.catch(() => {});
      await laboratory.settle();
      return banned;
    },
    lift: async (id: string) => {
      const lifted = guard.lift(id);
      await laboratory.settle();
      return lifted;
    },
    askPasswords() {
      const isRight = (password: Uint8Array | undefined) =>
        Buffer.from(password ?? []).toString() === 'right';
      broker.use({ name: 'passwords', hooks: { authenticate: ({ password }) => isRight(password) } });
    },
    /** The reason code of CONNACK. */
    async login(username: string, password: string, address = '192.0.2.1'): Promise<number> {
      const client = arrive({ remote: { address, transport: 'tcp' } });
      const draft = { clientId: `${username}-client`, username, password: Buffer.from(password) };
      const { reasonCode } = await client.connectPacket(draft);
      if (reasonCode === 0) await client.disconnect();
      return reasonCode;
    },
  };
}
