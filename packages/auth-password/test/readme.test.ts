import { hashPassword, passwordAuth } from '@carillon/auth-password';
import { Laboratory, PacketClient } from '@carillon/testkit';
import { type CarillonBroker, createBroker } from 'carillon';
import { expect, test } from 'vitest';

// A hash is computed by a thread, outside the laboratory: it may take real time.
const laboratory = new Laboratory({ patience: 10_000 });

async function reasonCodes(broker: CarillonBroker, ...logins: readonly (readonly [string, string])[]) {
  const codes: number[] = [];
  for (const [username, password] of logins) {
    const client = PacketClient.connect(broker, { laboratory });
    codes.push((await client.connectPacket({ username, password: Buffer.from(password) })).reasonCode);
  }
  return codes;
}

test('find asks a table of the host', async () => {
  const users = new Map([['alice', { passwordHash: await hashPassword('tick-tock') }]]);
  const table = { find: async (name: string) => users.get(name) };
  const broker = createBroker(laboratory.platform);
  const find = async (name: string) => (await table.find(name))?.passwordHash;
  broker.use(passwordAuth({ find }));
  const codes = await reasonCodes(
    broker,
    ['alice', 'tick-tock'],
    ['alice', 'tock-tick'],
    ['bob', 'tick-tock'],
  );
  expect(codes).toEqual([0x00, 0x86, 0x86]);
});
