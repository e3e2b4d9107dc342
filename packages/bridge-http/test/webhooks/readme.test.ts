import { createBroker } from 'carillon';
import { expect, it, vi } from 'vitest';
import { webhooks } from '../../src/index.ts';

it('webhooks are made, added and removed as the README says', async () => {
  vi.stubEnv('SHOP_SECRET', `whsec_${Buffer.from('a-key-for-the-webhooks-of-a-shop').toString('base64')}`);
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const broker = createBroker();
  const { SHOP_SECRET = '' } = process.env;
  const hooks = webhooks({
    hooks: [
      {
        id: 'shop',
        url: 'https://shop.example/mqtt',
        filters: ['orders/#', 'stock/+/low'],
        secret: SHOP_SECRET,
        deadLetterTopic: 'undelivered/shop',
      },
    ],
  });
  broker.use(hooks);
  await broker.start();
  await hooks.add({ id: 'audit', url: 'https://audit.example/mqtt', filters: 'orders/#', form: 'json' });
  console.log(hooks.state.get('audit')?.condition);
  await hooks.remove('audit');
  expect(print).toHaveBeenCalledWith('ready');
  expect([...hooks.state.keys()]).toEqual(['shop']);
  await broker.close();
  print.mockRestore();
  vi.unstubAllEnvs();
});
