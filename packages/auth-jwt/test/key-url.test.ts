import { createServer, type Server } from 'node:http';
import { Laboratory, PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, onTestFinished, test } from 'vitest';
import { jwtAuth, type KeyUrlSource } from '../src/index.ts';
import { Issuer, start } from './issuer.ts';

const [one, two, three] = [
  new Issuer('ES256', 'one'),
  new Issuer('ES256', 'two'),
  new Issuer('ES256', 'three'),
];

/** What the URL answers, by number of the request; the last stays. */
type Answers = readonly (() => Response | Promise<Response>)[];

function keySet(...issuers: readonly { jwk: object }[]): () => Response {
  return () => Response.json({ keys: issuers.map(({ jwk }) => jwk) });
}

const down = (): never => {
  throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
};

async function gateAt(answers: Answers, more: Partial<KeyUrlSource> = {}) {
  const laboratory = new Laboratory({ startAt: start * 1000, patience: 10_000 });
  const broker = createBroker({ ...laboratory.platform, systemTopicInterval: 0 });
  const asked: { readonly at: number; readonly headers: Headers }[] = [];
  const url = {
    url: 'https://id.example.com/jwks',
    fetch: async (_: unknown, init?: RequestInit) => {
      asked.push({ at: laboratory.clock.now() - start * 1000, headers: new Headers(init?.headers) });
      const answer = answers[Math.min(asked.length, answers.length) - 1] ?? down;
      return answer();
    },
    ...more,
  };
  const registration = broker.use(jwtAuth({ keys: url, algorithms: ['ES256'], requiredClaims: [] }));
  await laboratory.settle();
  let clients = 0;
  return {
    laboratory,
    registration,
    asked,
    times: () => asked.map(({ at }) => at),
    /** The reason code for a token that never ends. */
    codeFor: async (issuer: Issuer, header: object = {}) => {
      const password = Buffer.from(await issuer.token({ exp: undefined }, header));
      const client = PacketClient.connect(broker, { laboratory });
      return (await client.connectPacket({ clientId: `c${++clients}`, password })).reasonCode;
    },
  };
}

test('the keys are read at the start, and again in their time', async () => {
  const { laboratory, codeFor, times } = await gateAt([keySet(one), keySet(two)], { refreshEvery: 60_000 });
  expect(await codeFor(one)).toBe(0);
  await laboratory.advance(60_000);
  expect(times()).toEqual([0, 60_000]);
  expect(await codeFor(two)).toBe(0);
  expect(await codeFor(one)).toBe(0x87);
});

test('a key that is not known is asked for at once, but not more often than the cooldown lets', async () => {
  const { laboratory, codeFor, times } = await gateAt([keySet(one), keySet(one, two)], { cooldown: 30_000 });
  expect(await codeFor(two)).toBe(0x87);
  await laboratory.advance(29_999);
  for (let flood = 0; flood < 20; flood++) expect(await codeFor(three)).toBe(0x87);
  expect(times()).toEqual([0]);
  await laboratory.advance(1);
  expect(await codeFor(two)).toBe(0);
  expect(await codeFor(three)).toBe(0x87);
  expect(times()).toEqual([0, 30_000]);
});

test('while the URL is down the keys read last stay in force, for a time', async () => {
  const { laboratory, codeFor, times } = await gateAt([keySet(one), down], {
    refreshEvery: 60_000,
    cooldown: 20_000,
    keepFor: 200_000,
  });
  await laboratory.advance(200_000);
  expect(await codeFor(one)).toBe(0);
  expect(await codeFor(two)).toBe(0x87);
  expect(times()).toEqual([0, 60_000, 80_000, 100_000, 120_000, 140_000, 160_000, 180_000, 200_000]);
  await laboratory.advance(1);
  expect(await codeFor(one)).toBe(0x88);
  const warnings = laboratory.logger.records.filter(({ level }) => level === 'warn');
  expect(warnings).toMatchObject([
    { details: { plugin: 'auth-jwt', why: 'fetch failed: connect ECONNREFUSED' } },
  ]);
});

test('before the keys could be read at all the server is unavailable; then it is not', async () => {
  const { laboratory, codeFor } = await gateAt([down, keySet(one)], { cooldown: 30_000 });
  expect(await codeFor(one)).toBe(0x88);
  await laboratory.advance(30_000);
  expect(await codeFor(one)).toBe(0);
  expect(laboratory.logger.messages('info')).toEqual(['the key set can be read again']);
});

test('clients that come while the keys are on their way wait for them', async () => {
  let answer: (response: Response) => void = () => {};
  const onItsWay = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  const { codeFor } = await gateAt([() => onItsWay]);
  const code = codeFor(one);
  answer(keySet(one)());
  expect(await code).toBe(0);
});

const tooLarge = JSON.stringify({ keys: [one.jwk], padding: 'x'.repeat(1_100_000) });
const secret = { kty: 'oct', k: Buffer.from('s'.repeat(64)).toString('base64url'), kid: 'one' };

test.each<[string, () => Response, string]>([
  ['no JSON', () => new Response('<html>'), 'the answer is no JSON'],
  ['bytes that are no text', () => new Response(new Uint8Array([0x7b, 0xff])), 'not valid'],
  ['a 500', () => new Response('', { status: 500 }), 'the answer has the status 500'],
  ['a redirect', () => Response.redirect('https://evil.example/', 302), 'the answer has the status 302'],
  ['too much', () => new Response(tooLarge), 'the answer has more than 1048576 bytes'],
  ['a list', () => Response.json([one.jwk]), 'a JWK is an object'],
  ['no keys', () => Response.json({ keys: [] }), 'it has no keys'],
  ['101 keys', () => Response.json({ keys: Array(101).fill(one.jwk) }), 'it has more than 100 keys'],
  ['a secret', () => Response.json({ keys: [secret] }), 'a secret has no place in a published set'],
  ['private keys', () => Response.json({ keys: [one.privateJwk] }), 'it is a private key'],
  ['broken numbers', () => Response.json({ keys: [{ ...one.jwk, x: 'AA' }] }), 'its numbers are no key'],
  ['keys to encrypt with', () => Response.json({ keys: [{ ...one.jwk, use: 'enc' }] }), 'its use is not sig'],
  [
    'keys to sign with',
    () => Response.json({ keys: [{ ...one.jwk, key_ops: ['sign'] }] }),
    'do not have verify',
  ],
  ['another alg', () => Response.json({ keys: [{ ...one.jwk, alg: 'none' }] }), 'its alg is not one of JWT'],
])('an answer with %s is none', async (_, answer, why) => {
  const { codeFor, laboratory } = await gateAt([answer]);
  expect(await codeFor(one)).toBe(0x88);
  const [warning] = laboratory.logger.records.filter(({ level }) => level === 'warn');
  expect(warning?.details).toMatchObject({ why: expect.stringContaining(why) });
});

test('in a set, a key that cannot be used spoils no other', async () => {
  const { codeFor } = await gateAt([() => Response.json({ keys: [{ kty: 'dance' }, secret, one.jwk] })]);
  expect(await codeFor(one)).toBe(0);
});

test('headers go with each request, and are not in the log', async () => {
  const { asked, laboratory } = await gateAt([down], { headers: { authorization: 'Bearer 7a5d' } });
  expect(asked[0]?.headers.get('authorization')).toBe('Bearer 7a5d');
  expect(JSON.stringify(laboratory.logger.records)).not.toContain('7a5d');
});

test('an answer that does not come is given up, and none is waited for after the end', async () => {
  const signals: AbortSignal[] = [];
  const never = (_: unknown, init?: RequestInit) =>
    new Promise<Response>((_resolve, reject) => {
      const { signal } = init ?? {};
      if (signal === undefined || signal === null) throw new Error('there is no signal');
      signals.push(signal);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const { laboratory, registration } = await gateAt([], { fetch: never, timeout: 3_000, cooldown: 30_000 });
  await laboratory.advance(3_000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(laboratory.logger.records.at(-1)?.details).toMatchObject({ why: 'no answer within 3000 ms' });
  await laboratory.advance(30_000);
  await registration.dispose();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  await laboratory.advance(3_600_000);
  expect(signals).toHaveLength(2);
});

test('a real server is asked over HTTP, and its redirect is not followed', async () => {
  let isMoved = false;
  const server = createServer(({ url }, response) => {
    if (url === '/jwks' && isMoved) response.writeHead(302, { location: '/other' }).end();
    else response.end(JSON.stringify({ keys: [url === '/jwks' ? one.jwk : two.jwk] }));
  });
  const url = `http://127.0.0.1:${await portOf(server)}/jwks`;
  const { codeFor, laboratory } = await gateAt([], { url, fetch, cooldown: 1_000, timeout: 60_000 });
  expect(await codeFor(one)).toBe(0);
  isMoved = true;
  await laboratory.advance(1_000);
  expect(await codeFor(two)).toBe(0x87);
  expect(await codeFor(one)).toBe(0);
});

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}
