import { createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { authGuard } from '../src/index.ts';

test('the program of the README bans, lists and lifts', async () => {
  const broker = createBroker();
  onTestFinished(() => broker.close({ within: 0 }));
  await broker.start();

  const guard = authGuard({ rates: { messages: { perSecond: 100, burst: 1000 } } });
  broker.use(guard);

  await guard.ban({ address: '192.0.2.0/24', seconds: 3600, reason: 'scanning' });
  await guard.ban({ clientId: 'pump7', reason: 'stolen' });
  const before = guard.bans();
  for (const { id, reason } of guard.bans()) if (reason === 'stolen') await guard.lift(id);

  expect(before.map(({ id }) => id)).toEqual(['address:192.0.2.0/24', 'clientId:pump7']);
  expect(guard.bans().map(({ id }) => id)).toEqual(['address:192.0.2.0/24']);
});
