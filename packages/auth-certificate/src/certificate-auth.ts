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
import { messageOf } from '@carillon/hooks/checks';
import { ReasonCode } from '@carillon/protocol';
import { WatchedFile } from '@carillon/watched-file';
import { findIdentity } from './certificate-identity.ts';
import { type CertificateAuthOptions, checkOptions, type RevocationOptions } from './certificate-options.ts';
import { RevocationLists, readCertificates } from './revocation-lists.ts';
import { X509Certificate } from './x509.ts';

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
  const { identity: source = 'CN', required = false, revocation } = checkOptions(options);
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
