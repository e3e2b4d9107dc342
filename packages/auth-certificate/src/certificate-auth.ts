import { readFile } from 'node:fs/promises';
import {
  type AuthenticateAnswer,
  type Broker,
  type ClientCertificate,
  definePlugin,
  deny,
  type Plugin,
  type PluginPlatform,
  type Refusal,
} from '@carillon/hooks';
import { ReasonCode } from '@carillon/protocol';
import { WatchedFile } from '@carillon/watched-file';
import { findIdentity, type IdentitySource, namedSources } from './certificate-identity.ts';
import { RevocationLists, readCertificates } from './revocation-lists.ts';
import { X509Certificate } from './x509.ts';

/** Options of {@link certificateAuth}. */
export interface CertificateAuthOptions {
  /** Which part of the certificate is the client's identity. Default `CN`. */
  readonly identity?: IdentitySource;
  /**
   * Whether clients without a certificate are turned away. Default false: this plugin has no opinion of them, and
   * others may let them in by what else they know.
   */
  readonly required?: boolean;
  /** Refuses revoked certificates, and disconnects their clients when the list changes. Default: none is asked. */
  readonly revocation?: RevocationOptions;
}

/** Where certificates are listed that do not count any more. */
export interface RevocationOptions {
  /**
   * Certificate revocation lists, PEM or DER. Read again when the file changes; one that cannot be used leaves the
   * last good one in force. A certificate whose authority has no list in it, or one that is out of date, is refused.
   */
  readonly file: string;
  /** The certificates of the authorities that sign the lists, PEM or DER. */
  readonly authoritiesFile: string;
}

const optionKeys = ['identity', 'required', 'revocation'];
const revocationKeys = ['file', 'authoritiesFile'];

/**
 * Lets in clients by the certificate of their TLS connection, which is their identity from then on. The listener
 * asks for certificates and judges them (`tls.requestCert`, `tls.ca`); a certificate that it did not accept is
 * refused here, and so is one in which the identity is missing or there more than once. A connection ends with
 * its certificate.
 *
 * @throws {TypeError} for options that cannot be.
 *
 * @example
 * ```ts
 * broker.use(certificateAuth({ identity: 'CN' }));
 * await broker.listen({ port: 8883, tls: { cert, key, ca, requestCert: true } });
 * ```
 */
export function certificateAuth(options: CertificateAuthOptions = {}): Plugin {
  checkOptions(options);
  const { identity: source = 'CN', required = false, revocation } = options;
  let lists: WatchedFile<RevocationLists> | undefined;
  let now = Date.now;

  function objectionTo(certificate: ClientCertificate): Refusal | undefined {
    if (!certificate.authorized) {
      return deny(
        ReasonCode.NotAuthorized,
        `the certificate was not accepted: ${certificate.authorizationError ?? 'its authority is not known'}`,
      );
    }
    const standing = lists?.content.standingOf(new X509Certificate(certificate.raw), now());
    return standing?.good === false ? deny(ReasonCode.NotAuthorized, standing.why) : undefined;
  }

  function disconnectRevoked(broker: Broker): void {
    for (const client of broker.clients()) {
      const { certificate } = client.remote;
      const objection = certificate && objectionTo(certificate);
      if (objection !== undefined) client.disconnect({ ...objection });
    }
  }

  async function followLists(files: RevocationOptions, broker: Broker, { clock, logger }: PluginPlatform) {
    lists = await openLists(files);
    const { path: file } = lists;
    lists.follow(clock, {
      changed: () => {
        logger.info({ file }, `The revocation list ${file} was read again.`);
        disconnectRevoked(broker);
      },
      failed: (error) => {
        logger.error(
          { file },
          `The revocation list ${file} cannot be used, what was read before stays in force: ${messageOf(error)}`,
        );
      },
    });
  }

  return definePlugin({
    name: 'auth-certificate',
    setup(broker, platform) {
      now = () => platform.clock.now();
      return revocation === undefined ? undefined : followLists(revocation, broker, platform);
    },
    close() {
      lists?.close();
    },
    hooks: {
      authenticate({ remote: { certificate } }): AuthenticateAnswer {
        if (certificate === undefined) {
          return required ? deny(ReasonCode.NotAuthorized, 'a client certificate is required') : undefined;
        }
        const objection = objectionTo(certificate);
        if (objection !== undefined) return objection;
        const found = findIdentity(certificate, source);
        if ('missing' in found) return deny(ReasonCode.NotAuthorized, found.missing);
        return { allow: true, identity: found.identity, expiresAt: certificate.validTo };
      },
      // Who proves himself by a method needs no identity from here, but a revoked certificate is one all the same.
      authenticateEnhanced({ remote: { certificate } }) {
        if (certificate !== undefined) return objectionTo(certificate);
        return required ? deny(ReasonCode.NotAuthorized, 'a client certificate is required') : undefined;
      },
    },
  });
}

/**
 * Reads the files of `revocation` once, for who wants to know before the start whether they can be used.
 *
 * @throws {Error} naming the file and what is wrong with it.
 */
export async function checkRevocation(files: RevocationOptions): Promise<void> {
  await openLists(files);
}

async function openLists({
  file,
  authoritiesFile,
}: RevocationOptions): Promise<WatchedFile<RevocationLists>> {
  const authorities = await readAuthorities(authoritiesFile);
  const lists = new WatchedFile({ path: file, read: (bytes) => RevocationLists.read(bytes, authorities) });
  try {
    await lists.open();
    return lists;
  } catch (cause) {
    throw new Error(`The revocation list ${file} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

async function readAuthorities(file: string): Promise<X509Certificate[]> {
  try {
    return readCertificates(await readFile(file));
  } catch (cause) {
    throw new Error(`The authorities in ${file} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function checkOptions(options: CertificateAuthOptions): void {
  checkKeys(options, optionKeys, '');
  const { identity, required, revocation } = options;
  if (identity !== undefined && typeof identity !== 'function' && !namedSources.includes(identity)) {
    throw wrong('identity', identity, `a function or one of ${namedSources.join(', ')}`);
  }
  if (required !== undefined && typeof required !== 'boolean')
    throw wrong('required', required, 'true or false');
  if (revocation === undefined) return;
  checkKeys(revocation, revocationKeys, 'revocation.');
  for (const key of ['file', 'authoritiesFile'] as const) {
    const file: unknown = revocation[key];
    if (typeof file !== 'string' || file === '') throw wrong(`revocation.${key}`, file, 'the name of a file');
  }
}

function checkKeys(options: object, known: readonly string[], prefix: string): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new TypeError(`certificateAuth: ${prefix}${unknown} is not an option; there are ${known.join(', ')}`);
}

function wrong(key: string, value: unknown, right: string): TypeError {
  return new TypeError(`certificateAuth: ${key} is ${JSON.stringify(value)}; it must be ${right}`);
}
