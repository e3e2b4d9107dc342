import { describe, expect, test } from 'vitest';
import { deriveCredentials } from '../src/credentials.ts';
import { ScramExchange } from '../src/exchange.ts';
import { MalformedMessage, parseClientFinal, parseClientFirst } from '../src/messages.ts';
import { ScramHash } from '../src/scram-hash.ts';

/** A whole exchange as it stands in a document: the nonces of both sides are given. */
interface Vector {
  readonly hash: string;
  readonly clientFirst: string;
  readonly salt: string;
  readonly serverNonce: string;
  readonly serverFirst: string;
  readonly clientFinal: string;
  readonly serverFinal: string;
}

const rfc7677 = {
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
  serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
};

const vectors: Readonly<Record<string, Vector>> = {
  'RFC 5802, section 5: SHA-1': {
    hash: 'sha1',
    clientFirst: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    salt: 'QSXCR+Q6sek8bf92',
    serverNonce: '3rfcNHYJY1ZVvWVs7j',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    clientFinal: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    serverFinal: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  'RFC 7677, section 3: SHA-256': {
    ...rfc7677,
    hash: 'sha256',
    clientFinal:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
  "the same with SHA-512, computed with Python's hashlib": {
    ...rfc7677,
    hash: 'sha512',
    clientFinal:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==',
    serverFinal: 'v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==',
  },
};

/** The password of all of them is `pencil`. */
async function exchangeOf({ hash, clientFirst, salt, serverNonce }: Vector): Promise<ScramExchange> {
  const functions = new ScramHash(hash);
  const credentials = await deriveCredentials(functions, 'pencil', Buffer.from(salt, 'base64'), 4096);
  return new ScramExchange(functions, parseClientFirst(Buffer.from(clientFirst)), credentials, serverNonce);
}

describe.each(Object.entries(vectors))('%s', (_name, vector) => {
  test('is asked and answered to the letter', async () => {
    const exchange = await exchangeOf(vector);
    expect(exchange.question).toBe(vector.serverFirst);
    expect(exchange.answer(Buffer.from(vector.clientFinal))).toBe(vector.serverFinal);
  });

  test('one bit of the proof decides', async () => {
    const { proof } = parseClientFinal(Buffer.from(vector.clientFinal));
    for (const place of [0, proof.length - 1]) {
      const other = proof.map((byte, index) => (index === place ? byte ^ 1 : byte));
      const final = vector.clientFinal.replace(/p=.*/, `p=${Buffer.from(other).toString('base64')}`);
      expect((await exchangeOf(vector)).answer(Buffer.from(final))).toBeUndefined();
    }
  });
});

describe('a first message', () => {
  test('says who comes, with commas and equals signs written otherwise', () => {
    const first = parseClientFirst(Buffer.from('y,a=bo=2Css,n=a=3Db=2Cc,r=nonce,x=more'));
    expect(first).toEqual({
      gs2Header: 'y,a=bo=2Css,',
      channelBinding: 'not needed',
      authorizationIdentity: 'bo,ss',
      bare: 'n=a=3Db=2Cc,r=nonce,x=more',
      username: 'a=b,c',
      nonce: 'nonce',
    });
    expect(parseClientFirst(Buffer.from('p=tls-unique,,n=a,r=b')).channelBinding).toBe('demanded');
  });

  test.each([
    '',
    'n',
    'n,,',
    'n,,n=,r=nonce',
    'n,,n=user',
    'n,,n=user,r=',
    'n,,r=nonce,n=user',
    'n,,n=user,r=no\u00e4nce',
    'n,,n=user,r=no nce',
    `n,,n=user,r=${'x'.repeat(1025)}`,
    'n,,n=us=er,r=nonce',
    'n,,n=us=2cer,r=nonce',
    'n,,n=us\0er,r=nonce',
    'n,,m=ext,n=user,r=nonce',
    'n,,n=user,r=nonce,',
    'n,,n=user,r=nonce,x',
    'n,,n=user,r=nonce,xx=y',
    'n,,n=user,r=nonce,x=',
    'n,a=,n=user,r=nonce',
    'n,b=x,n=user,r=nonce',
    'x,,n=user,r=nonce',
    'p,,n=user,r=nonce',
    'p=,,n=user,r=nonce',
    'N,,n=user,r=nonce',
    'n,n=user,r=nonce',
    ' n,,n=user,r=nonce',
    '\ufeffn,,n=user,r=nonce',
  ])('that is %j is none', (text) => {
    expect(() => parseClientFirst(Buffer.from(text))).toThrow(MalformedMessage);
  });

  test('that is no UTF-8, or is not there, is none', () => {
    expect(() => parseClientFirst(Uint8Array.of(0x6e, 0x2c, 0x2c, 0xff))).toThrow('is not in UTF-8');
    expect(() => parseClientFirst(undefined)).toThrow('there is no message');
  });
});

describe('a final message', () => {
  test.each([
    '',
    'c=biws',
    'c=biws,r=nonce',
    'c=biws,r=nonce,p=',
    'c=biws,r=nonce,p=AAA',
    'c=biws,r=nonce,p=A===',
    'c=biws,r=nonce,p=****',
    'c=,r=nonce,p=AAAA',
    'c=bi ws,r=nonce,p=AAAA',
    'r=nonce,c=biws,p=AAAA',
    'c=biws,p=AAAA,r=nonce',
    'c=biws,r=nonce,p=AAAA,x=y',
    'c=biws,r=nonce,x,p=AAAA',
    'c=biws,r=no\0nce,p=AAAA',
    'p=AAAA',
  ])('that is %j is none', (text) => {
    expect(() => parseClientFinal(Buffer.from(text))).toThrow(MalformedMessage);
  });
});
