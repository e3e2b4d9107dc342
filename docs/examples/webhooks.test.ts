import { once } from 'node:events';
import { PacketClient } from '@carillon/testkit';
import { expect, test, vi } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

test('messages come to a URL, signed, and what is refused becomes a dead letter', async () => {
  borrowPorts();
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { broker, hooks, receiver, addAnother } = await import('./webhooks.ts');
  const client = await PacketClient.overSocket({ port: 1883 });
  await client.connectPacket({ clientId: 'till' });
  const answered = once(receiver, 'request');
  await client.publish('orders/7', 'two coffees', { qos: 1 });
  await answered;
  await vi.waitFor(() => expect(print).toHaveBeenCalledWith('orders/7: two coffees'));
  await vi.waitFor(() =>
    expect(print).toHaveBeenCalledWith('webhook:shop connected: http://localhost:3000 '),
  );

  await addAnother();
  expect(print).toHaveBeenCalledWith('shop', 'ready', 1, 0);
  expect(print).toHaveBeenCalledWith('audit', 'ready', 0, 0);

  receiver.removeAllListeners('request').on('request', (_, response) => response.writeHead(422).end());
  await client.publish('stock/beans/low', '3', { qos: 1 });
  await vi.waitFor(() => expect(print).toHaveBeenCalledWith('undelivered/shop', '422'));
  expect(hooks.state.get('shop')?.counters).toMatchObject({ delivered: 1, deadLettered: 1 });
  await client.disconnect();
  await broker.close();
  receiver.close();
  receiver.closeAllConnections();
  print.mockRestore();
});
