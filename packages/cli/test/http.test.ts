import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settleConfiguration } from '../src/effective-configuration.ts';
import { readFlags } from '../src/flags.ts';
import { printConfiguration } from '../src/print-configuration.ts';
import { CarillonProcess, carillon } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

/** `tick-tock`, hashed by mosquitto_passwd 2.0.11. */
const alice =
  'alice:$7$101$9MfKJbT/wFoispLa$t1WGsR5BbdYIHHXo8fwcvsKv4KAX6twM4NP8yWxy4pSCUJgc2AdN+Kj8BRAxgB0Ly4p4dj/vFtD87kUCZLlfBQ==\n';

const webSocket = { port: 0, websocket: { path: '/mqtt' } };

function fileWith(content: object): string {
  return join(folderWith({ 'carillon.json': content }), 'carillon.json');
}

/** The text of a stream, until it has this in it. */
function readUntil(url: string, part: string, begun: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.includes('event: ready')) begun();
        if (text.includes(part)) {
          response.destroy();
          resolve(text);
        }
      });
    })
      .on('error', reject)
      .end();
  });
}

test('a broker of the command line takes messages by HTTP and gives them out', async () => {
  const file = fileWith({ listeners: [{ port: 0 }, webSocket], http: { path: '/http' } });
  const broker = new CarillonProcess(['--config', file]);
  const [, port] = await broker.ready();
  const url = `http://127.0.0.1:${port}/http`;
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const heard = readUntil(`${url}/events?filter=a/%23`, '"topic":"a/b"', begin);
  await begun;
  const put = await fetch(`${url}/topics/a/b`, { method: 'PUT', body: 'x' });
  expect(await put.json()).toMatchObject({ acknowledged: true, matchingSubscribers: true });
  expect(await heard).toContain('"payload":"x"');
  expect(await (await fetch(`${url}/topics/a/b`)).text()).toBe('x');
  expect((await fetch(`http://127.0.0.1:${port}/elsewhere`)).status).toBe(404);
  broker.signal('SIGTERM');
  expect((await broker.ended).code).toBe(0);
});

test('user names and passwords of the command hold for requests too', async () => {
  const folder = folderWith({
    'carillon.json': {
      listeners: [webSocket],
      auth: { password: { file: 'users.txt' } },
      http: {},
    },
    'users.txt': alice,
  });
  const broker = new CarillonProcess(['--config', join(folder, 'carillon.json')]);
  const [port] = await broker.ready();
  const put = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/topics/a`, { method: 'PUT', body: 'x', headers });
  expect((await put({})).status).toBe(401);
  const authorization = `Basic ${Buffer.from('alice:tick-tock').toString('base64')}`;
  expect((await put({ authorization })).status).toBe(200);
});

test('without a listener that reads HTTP nobody would answer', async () => {
  const { code, stderr } = await carillon('--config', fileWith({ listeners: [{ port: 0 }], http: {} }));
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('http is answered by listeners with websocket, and there is none: add one'),
  ]);
});

test.each([
  [{ path: 'http' }, 'http: option path is a string; it must be a path'],
  [{ limits: { maximumBodyBytes: 0 } }, 'http: option limits.maximumBodyBytes is the number 0'],
  [{ pth: '/http' }, 'http: option there is no pth'],
])('http %j is refused when it is checked', async (http, reason) => {
  const { code, stderr } = await carillon('--check', '--config', fileWith({ listeners: [webSocket], http }));
  expect([code, stderr]).toEqual([1, expect.stringContaining(reason)]);
});

test('what is asked of http is shown with the rest', async () => {
  const file = fileWith({ listeners: [webSocket], http: { path: '/http' } });
  const settled = await settleConfiguration(readFlags(['--config', file]));
  expect(JSON.parse(printConfiguration(settled))).toMatchObject({ http: { path: '/http' } });
});

test('what was acknowledged by HTTP is there after kill -9, and a stream goes on where it was', async () => {
  const folder = folderWith({ 'carillon.json': { listeners: [webSocket], http: {} } });
  const start = async () => {
    const broker = new CarillonProcess(['--config', join(folder, 'carillon.json')], folder);
    const [port] = await broker.ready();
    return { broker, url: `http://127.0.0.1:${port}` };
  };
  const put = async (url: string, body: string) => {
    const answer = await fetch(`${url}/topics/a`, { method: 'PUT', body });
    expect(await answer.json()).toMatchObject({ acknowledged: true });
  };
  const first = await start();
  const begun = await readUntil(`${first.url}/events?filter=a`, 'event: ready', () => {});
  const id = /^id: (.*)$/m.exec(begun)?.[1] ?? '';
  await put(first.url, 'before');
  first.broker.signal('SIGKILL');
  await first.broker.ended;
  const second = await start();
  expect(await (await fetch(`${second.url}/topics/a`)).text()).toBe('before');
  await put(second.url, 'after');
  const heard = await readUntil(`${second.url}/events?filter=a&last-event-id=${id}`, '"after"', () => {});
  expect(heard).toContain('"resumed":true');
  expect(heard).toContain('"reason":"restarted"');
});
