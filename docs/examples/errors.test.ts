import { createBroker } from 'carillon';
import { expect, test, vi } from 'vitest';
import { publishCarefully, startCarefully } from './errors.ts';

test('what goes wrong at a call is told apart by its code', async () => {
  const complain = vi.spyOn(console, 'error').mockImplementation(() => {});
  await using first = createBroker();
  const { port } = (await first.listen({ port: 0 })).address;
  expect(await startCarefully(port)).toBeUndefined();
  expect(complain).toHaveBeenCalledWith(`port ${port} is taken`);

  const broker = await startCarefully(0);
  if (broker === undefined) throw new Error('the broker did not start');
  broker.use({ name: 'ledger', hooks: { commitPublish: () => ({ allow: false }) } });
  expect(await publishCarefully(broker, 'rooms/12', '20')).toBe('PUBLISH_REFUSED by ledger');
  expect(await publishCarefully(broker, 'rooms/#', '20')).toBe('OPTION_INVALID: topic');
  await broker.close();
  expect(await publishCarefully(broker, 'rooms/12', '20')).toBe('BROKER_CLOSED');
});

test('options that are given are in force, the others have their defaults', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { broker } = await import('./options.ts');
  expect(print).toHaveBeenCalledWith(262_144, 100);
  await broker.close();
});
