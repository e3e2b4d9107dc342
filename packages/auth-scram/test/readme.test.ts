import { type ScramCredentials, scramAuth, scramCredentials } from '@carillon/auth-scram';
import { expect, test } from 'vitest';

test('a table of the host needs one line', async () => {
  const table = new Map<string, ScramCredentials>();
  table.set('alice', await scramCredentials('SCRAM-SHA-256', 'tick-tock'));
  const plugin = scramAuth({ methods: ['SCRAM-SHA-256'], find: (user) => table.get(user) });
  expect(plugin.name).toBe('auth-scram');
});
