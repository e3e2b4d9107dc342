import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { PacketClient } from '@carillon/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { CarillonProcess, carillon } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

const secret = 'a secret of more than thirty-two bytes';
const jwk = { kty: 'oct', k: Buffer.from(secret).toString('base64url') };

function tokenFor(claims: object): Buffer {
  const parts = [{ alg: 'HS256' }, { exp: Date.now() / 1000 + 60, ...claims }];
  const said = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return Buffer.from(`${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`);
}

function configured(jwt: object) {
  const folder = folderWith({
    'carillon.json': { listeners: [{ port: 0 }], memory: true, auth: { jwt } },
    'keys.jwk': jwk,
  });
  return { folder, file: join(folder, 'carillon.json') };
}

test('a JSON file makes tokens let clients in', async () => {
  const { folder, file } = configured({
    keys: { file: 'keys.jwk' },
    algorithms: ['HS256'],
    audience: ['mqtt'],
    claims: { groups: ['realm', 'roles'], publish: 'out' },
  });
  const broker = new CarillonProcess(['--config', file], folder);
  const [port = 0] = await broker.ready();
  const connect = async (claims: object) => {
    const client = await PacketClient.overSocket({ host: '127.0.0.1', port });
    onTestFinished(() => client.drop());
    const { reasonCode } = await client.connectPacket({ clientId: 'c', password: tokenFor(claims) });
    return { client, reasonCode };
  };
  const good = { sub: 'anna', aud: 'mqtt', realm: { roles: ['drivers'] }, out: ['mine/#'] };
  const { client, reasonCode } = await connect(good);
  expect(reasonCode).toBe(0);
  expect(await client.publish('mine/1', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  expect(await client.publish('yours', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  expect((await connect({ ...good, aud: 'web' })).reasonCode).toBe(0x87);
  expect((await connect({ ...good, realm: { roles: 'all' } })).reasonCode).toBe(0x87);
});

test('--check shows where keys come from, and no secret', async () => {
  const keys = [
    { file: 'keys.jwk' },
    { secret },
    { jwk },
    { url: 'https://id.example.com/jwks', headers: { authorization: 'Bearer 7a5d' } },
  ];
  const from = ['password', { cookie: 'session' }];
  const { folder, file } = configured({ keys, algorithms: ['HS256'], from, method: false });
  const { stdout, code } = await carillon('--config', file, '--check');
  expect(code).toBe(0);
  expect(JSON.parse(stdout).auth.jwt).toEqual({
    keys: [
      { file: join(folder, 'keys.jwk') },
      { secret: '(hidden)' },
      { jwk: '(hidden)' },
      { url: 'https://id.example.com/jwks', headers: { authorization: '(hidden)' } },
    ],
    algorithms: ['HS256'],
    from,
    method: false,
  });
  for (const hidden of [secret, jwk.k, '7a5d']) expect(stdout).not.toContain(hidden);
});

test.each<[object, string]>([
  [{ algorithms: ['HS256'] }, 'auth.jwt.keys is missing: give where the keys come from'],
  [{ keys: { file: 'keys.jwk' } }, 'auth.jwt.algorithms is missing: give a list of algorithms'],
  [
    { keys: {}, algorithms: [] },
    'auth.jwt.keys is an object: give an object with file, url, secret, pem or jwk',
  ],
  [{ keys: { file: 'keys.jwk' }, algorithms: ['none'] }, 'auth.jwt.algorithms[0] is "none": give HS256,'],
  [{ keys: { file: 'x.jwk' }, algorithms: ['HS256'] }, 'auth.jwt: option keys cannot be used: ENOENT'],
  [
    { keys: { file: 'keys.jwk' }, algorithms: ['RS256'] },
    'a secret of 38 bytes is for none of the allowed algorithms',
  ],
  [{ keys: { file: 'keys.jwk', url: 'x' }, algorithms: [] }, 'auth.jwt.keys.url ("x") is not an option'],
  [{ keys: { secret: 7 }, algorithms: ['HS256'] }, 'auth.jwt.keys.secret is undefined: give a text'],
  [{ keys: { file: 'keys.jwk' }, algorithms: ['HS256'], from: [{}] }, 'auth.jwt.from[0].query is missing'],
  [{ keys: { file: 'keys.jwk' }, algorithms: ['HS256'], claims: { group: 'x' } }, 'did you mean groups?'],
])('%j is refused by --check', async (jwt, message) => {
  const { code, stderr } = await carillon('--config', configured(jwt).file, '--check');
  expect(stderr).toContain(message);
  expect(code).not.toBe(0);
});
