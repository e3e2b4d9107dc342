import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { BridgedServer } from '../../packages/bridge-http/test/bridged-server.ts';
import { describeWith, type Tool } from './installed.ts';

const chromium: Tool = { name: 'chromium', debianPackage: 'chromium', probe: ['chromium', '--version'] };

/** Follows `live/#`, and publishes what it gets, one after another. */
const page = `<!doctype html>
<title>A page that follows topics</title>
<script>
  let reported = Promise.resolve();
  const report = (what) => {
    reported = reported.then(() => fetch('/mqtt/topics/seen', { method: 'POST', body: what }));
  };
  const events = new EventSource('/mqtt/events?filter=live/%23');
  events.addEventListener('ready', ({ data }) => report('ready ' + JSON.parse(data).resumed));
  events.addEventListener('gap', ({ data }) => report('gap ' + JSON.parse(data).reason));
  events.addEventListener('message', ({ data }) => {
    const { topic, payload } = JSON.parse(data);
    report(topic + ' ' + payload);
  });
</script>
`;

let browser: ChildProcess | undefined;
let profile: string | undefined;

afterEach(async () => {
  const { pid } = browser ?? {};
  if (pid !== undefined) {
    const gone = new Promise((resolve) => browser?.once('close', resolve));
    // Its own group: a browser is many processes.
    process.kill(-pid, 'SIGKILL');
    await gone;
  }
  if (profile !== undefined) await rm(profile, { recursive: true, force: true, maxRetries: 5 });
});

async function open(url: string): Promise<void> {
  profile = await mkdtemp(join(tmpdir(), 'carillon-browser-'));
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--user-data-dir=${profile}`,
  ];
  // With a port to be driven by it stays when the page is loaded.
  browser = spawn(chromium.name, [...flags, '--remote-debugging-port=0', url], {
    detached: true,
    stdio: 'ignore',
  });
}

describeWith([chromium], 'A page in Chromium', () => {
  test('gets live messages, and what it has missed when its connection was cut', {
    timeout: 60_000,
  }, async () => {
    let stream: Socket | undefined;
    const host = await new BridgedServer(
      { path: '/mqtt', limits: { retryDelay: 500 } },
      {},
      (bridge, request, response) => {
        if (request.url?.startsWith('/mqtt/events')) stream = request.socket;
        bridge.handler(request, response, () => {
          response.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
        });
      },
    ).start();
    const seen = host.broker.messages('seen');
    const next = async () => (await seen.next()).value?.text();
    await open(`${host.url}/`);
    expect(await next()).toBe('ready false');
    await host.broker.publish('live/1', 'one', { qos: 1 });
    expect(await next()).toBe('live/1 one');
    for (const round of ['first', 'second']) {
      stream?.destroy();
      await expect.poll(() => [...host.broker.sessions()].map(({ connected }) => connected)).toEqual([false]);
      await host.broker.publish('live/2', `${round} two`, { qos: 1 });
      await host.broker.publish('live/3', `${round} three`, { qos: 1 });
      expect(await next()).toBe('ready true');
      expect(await next()).toBe(`live/2 ${round} two`);
      expect(await next()).toBe(`live/3 ${round} three`);
    }
    await host.broker.publish('live/4', 'four');
    expect(await next()).toBe('live/4 four');
  });
});
