import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

let example: typeof import('./auth-service.ts');

beforeAll(async () => {
  borrowPorts();
  example = await import('./auth-service.ts');
});

afterAll(async () => {
  await example.broker.close();
  example.service.close();
});

function connect(username: string, password: string) {
  const login = { username, password, protocolVersion: 5, reconnectPeriod: 0 } as const;
  return mqtt.connectAsync('mqtt://localhost:1883', login);
}

test('whom the service knows is let in for what it says', async () => {
  const anna = await connect('anna', 'tick-tock');
  await anna.publishAsync('users/anna/note', 'mine', { qos: 1 });
  await expect(anna.publishAsync('users/bob/note', 'his', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  await anna.endAsync();
});

test('whom it does not know is told so', async () => {
  await expect(connect('anna', 'tock-tick')).rejects.toMatchObject({ code: 0x86 });
});

test('while the service is down nobody is let in', async () => {
  await new Promise((closed) => {
    example.service.close(closed);
    example.service.closeAllConnections();
  });
  await expect(connect('bob', 'tick-tock')).rejects.toMatchObject({ code: 0x88 });
});
