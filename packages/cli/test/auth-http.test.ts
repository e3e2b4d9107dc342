import { createServer } from 'node:http';
import { join } from 'node:path';
import { PacketClient } from '@carillon/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { CarillonProcess, carillon } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

test('a JSON file makes a service decide', async () => {
  const asked: unknown[] = [];
  const service = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { username, topic }: { username?: string; topic?: string } = JSON.parse(body);
    asked.push([request.url, request.headers['x-secret'], username ?? topic]);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ allow: username === 'anna' || topic === 'mine' }));
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    service.closeAllConnections();
    service.close();
  });
  const address = service.address();
  if (address === null || typeof address === 'string') throw new Error('the service does not listen');
  const http = { url: `http://127.0.0.1:${address.port}`, headers: { 'x-secret': '7a5d' } };
  const folder = folderWith({
    'carillon.json': { listeners: [{ port: 0 }], memory: true, auth: { http } },
  });
  const broker = new CarillonProcess(['--config', join(folder, 'carillon.json')], folder);
  const [port = 0] = await broker.ready();
  const arrive = async () => {
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port });
    onTestFinished(() => client.drop());
    return client;
  };
  const anna = await arrive();
  expect(await anna.connectPacket({ clientId: 'a', username: 'anna' })).toMatchObject({ reasonCode: 0 });
  expect(await anna.publish('mine', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  expect(await anna.publish('yours', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  const bob = await arrive();
  expect(await bob.connectPacket({ clientId: 'b', username: 'bob' })).toMatchObject({ reasonCode: 0x87 });
  expect(asked).toEqual([
    ['/authenticate', '7a5d', 'anna'],
    ['/authorize', '7a5d', 'mine'],
    ['/authorize', '7a5d', 'yours'],
    ['/authenticate', '7a5d', 'bob'],
  ]);
});

test('--check shows what is asked, and no secret', async () => {
  const http = {
    url: 'https://accounts.example.com',
    authorize: false,
    headers: { authorization: 'Bearer 7a5d' },
    tls: { servername: 'other', passphrase: 'tick-tock' },
    cache: { cacheFor: 0 },
  };
  const folder = folderWith({ 'carillon.json': { auth: { http } } });
  const { stdout } = await carillon('--config', join(folder, 'carillon.json'), '--check');
  expect(JSON.parse(stdout).auth.http).toEqual({
    ...http,
    headers: { authorization: '(hidden)' },
    tls: { servername: 'other', passphrase: '(hidden)' },
  });
});

test.each<[object, string]>([
  [{}, 'auth.http.url is missing: give the address of the service'],
  [{ url: 'http://accounts.example.com' }, 'auth.http: option url has to begin with https:'],
  [{ url: 'https://a.example', parallel: 0 }, 'auth.http.parallel is 0: give a whole number from 1 to 1000'],
  [{ url: 'https://a.example', tls: { caFile: 'no.pem' } }, 'auth.http: ENOENT'],
  [{ url: 'https://a.example', authorise: true }, 'did you mean authorize?'],
])('%j is refused by --check', async (http, message) => {
  const folder = folderWith({ 'carillon.json': { auth: { http } } });
  const { code, stderr } = await carillon('--config', join(folder, 'carillon.json'), '--check');
  expect(stderr).toContain(message);
  expect(code).not.toBe(0);
});
