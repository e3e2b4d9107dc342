import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { verifyWebhook } from '@carillon/bridge-http';
import { PacketClient } from '@carillon/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { settleConfiguration } from '../src/effective-configuration.ts';
import { readFlags } from '../src/flags.ts';
import { printConfiguration } from '../src/print-configuration.ts';
import { CarillonProcess, carillon } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

const keys = ['first-key-of-the-webhooks-tests-1', 'second-key-of-the-webhooks-tests-2'];
const [secret = '', otherSecret = ''] = keys.map((key) => `whsec_${Buffer.from(key).toString('base64')}`);
const webhook = { id: 'shop', url: 'https://shop.example/hook', filters: 'orders/#' };

async function settle(webhooks: unknown, files: Record<string, string> = {}) {
  const folder = folderWith({ 'carillon.json': { webhooks }, ...files });
  return settleConfiguration(readFlags(['--config', join(folder, 'carillon.json')]));
}

async function madeOf(...given: Parameters<typeof settle>): Promise<unknown> {
  const { webhooks } = await settle(...given);
  return webhooks?.make();
}

test('mistakes in webhooks are told', async () => {
  await expect(settle({})).rejects.toThrow('webhooks is an object: give a list');
  await expect(settle([7])).rejects.toThrow('webhooks[0] is 7: give an object');
  await expect(settle([{ ...webhook, secret, secretFile: 'a' }])).rejects.toThrow(
    'webhooks[0] has both secret and secretFile: leave one of them out',
  );
  await expect(settle([{ ...webhook, secretFile: 7 }])).rejects.toThrow(
    'webhooks[0].secretFile is 7: give the name of a file',
  );
  await expect(settle([{ ...webhook, tls: { ca: 'x', caFile: 'y' } }])).rejects.toThrow(
    'webhooks[0].tls has both ca and caFile: leave one of them out',
  );
  await expect(madeOf([{ ...webhook, secretFile: 'no.txt' }])).rejects.toThrow(
    'webhooks[0].secretFile cannot be read',
  );
  await expect(madeOf([{ ...webhook, secretFile: 's.txt' }], { 's.txt': '\n' })).rejects.toThrow(
    'webhooks[0].secretFile has no secret in it',
  );
  await expect(madeOf([{ ...webhook, secretVariable: 'NOT_THERE' }])).rejects.toThrow(
    'webhooks[0].secretVariable: there is no environment variable NOT_THERE',
  );
  await expect(madeOf([{ ...webhook, secretFile: 's.txt' }], { 's.txt': 'hunter2' })).rejects.toThrow(
    'webhooks: hooks[0].secret cannot be used: it is without "whsec_" at its beginning',
  );
  await expect(madeOf([{ ...webhook, retries: 3 }])).rejects.toThrow(
    'webhooks: there is no hooks[0].retries',
  );
  await expect(madeOf([webhook])).resolves.toMatchObject({ name: 'webhooks' });
});

test('no secret is shown', async () => {
  const url = 'https://shop.example/hidden-path';
  const configuration = await settle([
    { ...webhook, url, secret, headers: { authorization: 'hidden-word' } },
  ]);
  const printed = printConfiguration(configuration);
  expect(printed).toContain('"url": "https://shop.example/(hidden)"');
  expect(printed).toContain('"authorization": "(hidden)"');
  expect(printed).not.toMatch(/whsec|hidden-/);
});

test('a mistake is found by --check', async () => {
  const folder = folderWith({ 'carillon.json': { webhooks: [{ ...webhook, filters: [] }] } });
  const { code, stderr } = await carillon('--config', join(folder, 'carillon.json'), '--check');
  expect(code).toBe(1);
  expect(stderr).toContain('hooks[0].filters is missing');
});

test('messages of a broker of the command line come to a URL, signed with what a file has', async () => {
  const requests: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    requests.push({ headers: request.headers, body });
    response.end(() => server.emit('answered'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  const url = `http://127.0.0.1:${address.port}/hook`;
  const webhooks = [{ id: 'shop', url, filters: ['orders/#'], secretFile: 'secret.txt' }];
  const folder = folderWith({
    'carillon.json': { listeners: [{ port: 0 }], webhooks },
    'secret.txt': `${secret}\n${otherSecret}\n`,
  });
  const broker = new CarillonProcess(['--config', join(folder, 'carillon.json')]);
  const [port = 0] = await broker.ready();
  const client = await PacketClient.overSocket({ port });
  await client.connectPacket({ clientId: 'till' });
  const answered = once(server, 'answered');
  await client.publish('orders/1', 'two coffees', { qos: 1 });
  await answered;
  const [{ headers, body } = { headers: {}, body: '' }] = requests;
  expect(body).toBe('two coffees');
  expect(headers['mqtt-topic']).toBe('orders/1');
  for (const one of [secret, otherSecret]) expect(verifyWebhook(headers, body, one)).toBe(true);
  await broker.says(/the receiver takes messages/);
});
