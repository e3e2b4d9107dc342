import { createBroker } from 'carillon';
import { expect, it, vi } from 'vitest';
import { mqttBridge } from '../src/index.ts';

it('bridges are made, added and removed as the README says', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const broker = createBroker();
  const bridge = mqttBridge({
    bridges: [
      {
        name: 'head-office',
        addresses: ['mqtt://office.example', 'mqtt://spare.example'],
        topics: ['sensors/# out 1 "" plant7/', 'commands/# in 2'],
      },
    ],
  });
  broker.use(bridge);
  bridge.add({ name: 'archive', addresses: 'mqtts://archive.example', topics: ['alarms/# out 2'] });
  console.log(bridge.state.get('archive')?.condition);
  await bridge.remove('archive');
  expect(print).toHaveBeenCalledWith('starting');
  expect([...bridge.state.keys()]).toEqual(['head-office']);
  await broker.close();
  print.mockRestore();
});
