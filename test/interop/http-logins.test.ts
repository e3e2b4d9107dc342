import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateAuth } from '@carillon/auth-certificate';
import { jwtAuth } from '@carillon/auth-jwt';
import { hashPassword, passwordAuth } from '@carillon/auth-password';
import { httpBridge } from '@carillon/bridge-http';
import type { Plugin } from '@carillon/hooks';
import { Authority } from '@carillon/test-certificates';
import { createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { Issuer } from '../../packages/auth-jwt/test/issuer.ts';

import { describeWith, type Tool } from './installed.ts';
import { run } from './program.ts';

const curl: Tool = { name: 'curl', debianPackage: 'curl', probe: ['curl', '--version'] };

/** A broker that asks by this plugin, behind a server of the host; who has published is noted. */
async function openBridge(plugin: Plugin, server: Server | ReturnType<typeof createServer> = createServer()) {
  const broker = createBroker({ systemTopicInterval: 0 });
  const bridge = httpBridge({ otherParameters: ['access_token'] });
  broker.use(plugin);
  broker.use(bridge);
  const identities: (string | undefined)[] = [];
  broker.use({
    name: 'witness',
    hooks: { published: ({ client }) => void (client && identities.push(client.identity)) },
  });
  server.on('request', bridge.handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await broker.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  /** The status that curl is answered with. */
  const post = async (...args: string[]): Promise<string> => {
    const scheme = server instanceof Object && 'setSecureContext' in server ? 'https' : 'http';
    const what = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-d', 'x', ...args];
    const { stdout } = await run('curl', [...what, `${scheme}://localhost:${port}/topics/a`]);
    return stdout;
  };
  return { post, identities, port };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-http-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describeWith([curl], 'curl', () => {
  test('is let in by user name and password', async () => {
    const { post, identities } = await openBridge(
      passwordAuth({ users: { vera: await hashPassword('sesame') } }),
    );
    expect([await post('-u', 'vera:sesame'), await post('-u', 'vera:wrong'), await post()]).toEqual([
      '200',
      '401',
      '401',
    ]);
    expect(identities).toEqual(['vera']);
  });

  test('is let in by a token in a header, a cookie or the query', async () => {
    const issuer = new Issuer('ES256', 'k1');
    const now = Math.floor(Date.now() / 1000);
    const { post, identities, port } = await openBridge(
      jwtAuth({
        keys: { jwk: issuer.jwk },
        algorithms: ['ES256'],
        from: ['authorization', { cookie: 'session' }, { query: 'access_token' }],
      }),
    );
    const good = await issuer.token({ exp: now + 3600 });
    const old = await issuer.token({ exp: now - 3600 });
    expect(await post('-H', `Authorization: Bearer ${good}`)).toBe('200');
    expect(await post('-H', `Authorization: Bearer ${old}`)).toBe('401');
    expect(await post('-H', `Cookie: a=b; session=${good}`)).toBe('200');
    const url = `http://localhost:${port}/topics/a?access_token=${good}`;
    const inQuery = await run('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-d', 'x', url]);
    expect(inQuery.stdout).toBe('200');
    expect(identities).toEqual(['anna', 'anna', 'anna']);
  });

  test('is let in by its certificate, where the server of the host asks for one', async () => {
    const [servers, clients] = [await Authority.create('CN=Servers'), await Authority.create('CN=Clients')];
    const identity = await servers.server('localhost');
    const asks = { ...identity, ca: clients.cert, requestCert: true, rejectUnauthorized: false };
    const { post, identities } = await openBridge(certificateAuth({ required: true }), createTlsServer(asks));
    const folder = await temporaryFolder();
    const file = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const ca = ['--cacert', await file('ca.pem', servers.cert)];
    const shown = async (name: string, authority: Authority) => {
      const { cert, key } = await authority.client(name);
      const files = [await file(`${name}.pem`, cert), await file(`${name}.key`, key)] as const;
      return [...ca, '--cert', files[0], '--key', files[1]];
    };
    expect(await post(...(await shown('device7', clients)))).toBe('200');
    expect(await post(...(await shown('forged', await Authority.create('CN=Others'))))).toBe('401');
    expect(await post(...ca)).toBe('401');
    expect(identities).toEqual(['device7']);
  });
});
