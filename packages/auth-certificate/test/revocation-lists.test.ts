import { Authority, type TestIdentity } from '@carillon/test-certificates';
import { beforeAll, describe, expect, test } from 'vitest';
import { RevocationLists, readCertificates } from '../src/revocation-lists.ts';
import { Extension, PemConverter, X509Certificate } from '../src/x509.ts';

let authority: Authority;
let other: Authority;
let good: TestIdentity;
let revoked: TestIdentity;

beforeAll(async () => {
  authority = await Authority.create();
  other = await Authority.create('CN=Other authority');
  good = await authority.sign('CN=good');
  revoked = await authority.sign('CN=revoked');
});

function read(pem: string | Uint8Array, ...authorities: Authority[]): Promise<RevocationLists> {
  const certificates = authorities.flatMap(({ cert }) => readCertificates(Buffer.from(cert)));
  return RevocationLists.read(Buffer.from(pem), certificates);
}

function standing(lists: RevocationLists, { cert }: TestIdentity, now = Date.now()) {
  return lists.standingOf(new X509Certificate(cert), now);
}

describe('a certificate', () => {
  test('stands when the list of its authority does not name it', async () => {
    const lists = await read(await authority.revoke([revoked]), authority);
    expect(standing(lists, good)).toEqual({ good: true });
  });

  test('falls when the list names it', async () => {
    const lists = await read(await authority.revoke([revoked]), authority);
    expect(standing(lists, revoked)).toEqual({ good: false, why: 'the certificate was revoked' });
  });

  test('falls when its authority has no list', async () => {
    const lists = await read(await other.revoke([]), other);
    expect(standing(lists, good)).toEqual({
      good: false,
      why: 'there is no revocation list of "CN=Test authority"',
    });
  });

  test('falls when the list is out of date', async () => {
    const lists = await read(await authority.revoke([]), authority);
    expect(standing(lists, good, Date.now() + 2 * 86_400_000)).toEqual({
      good: false,
      why: 'the revocation list of "CN=Test authority" is out of date',
    });
  });

  test('is looked up in the list of its own authority, whatever numbers others gave', async () => {
    const namesake = await other.sign('CN=namesake');
    const [theirs, ours] = [namesake, good].map(({ cert }) => new X509Certificate(cert).serialNumber);
    expect(theirs).toBe(ours);
    const pem = (await authority.revoke([])) + (await other.revoke([namesake]));
    const lists = await read(pem, authority, other);
    expect(standing(lists, good)).toEqual({ good: true });
    expect(standing(lists, namesake)).toMatchObject({ good: false });
  });
});

describe('a file of lists', () => {
  test('may be DER', async () => {
    const [der] = PemConverter.decode(await authority.revoke([revoked]));
    const lists = await read(new Uint8Array(der ?? []), authority);
    expect(standing(lists, revoked)).toMatchObject({ good: false });
  });

  test('counts by its newest list of an authority, in whatever order they stand', async () => {
    const newer = await authority.revoke([revoked]);
    const older = await authority.revoke([good], { thisUpdate: new Date(0) });
    const lists = await read(newer + older, authority);
    expect(standing(lists, good)).toEqual({ good: true });
    expect(standing(lists, revoked)).toMatchObject({ good: false });
  });

  test('is refused when a list is signed by somebody else of the same name', async () => {
    const impostor = await Authority.create(authority.name);
    await expect(read(await impostor.revoke([]), authority)).rejects.toThrow(
      'the list of "CN=Test authority" is signed by none of the authorities',
    );
  });

  test('is refused when it holds part of a list only', async () => {
    const delta = new Extension('2.5.29.27', true, Uint8Array.of(2, 1, 1));
    await expect(read(await authority.revoke([], { extensions: [delta] }), authority)).rejects.toThrow(
      'revocation list 1 (of "CN=Test authority") is only part of a list (extension 2.5.29.27)',
    );
  });

  test.each([
    ['nothing', '', 'there is no revocation list in it'],
    ['no list', 'good: 1', 'revocation list 1 cannot be read'],
    [
      'a block of rubbish',
      '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n',
      'revocation list 1 cannot be read',
    ],
  ])('is refused when there is %s in it', async (_what, text, complaint) => {
    await expect(read(text, authority)).rejects.toThrow(complaint);
  });

  test('is refused when there is a certificate in it instead', async () => {
    await expect(read(authority.cert, authority)).rejects.toThrow('there is no revocation list in it');
  });
});

test('authorities that are none are refused', () => {
  expect(() => readCertificates(Buffer.from(''))).toThrow('there is no certificate in it');
  expect(() => readCertificates(Buffer.from('rubbish'))).toThrow('certificate 1 cannot be read');
});
