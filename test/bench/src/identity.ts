import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrokerSetup } from './brokers/setup.ts';

/** Has openssl make a key and a certificate for `localhost`, valid for a day, in files of PEM. */
export function makeIdentity(folder: string): NonNullable<BrokerSetup['identity']> {
  const certificateFile = join(folder, 'server.crt');
  const keyFile = join(folder, 'server.key');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const { status, error, stderr } = spawnSync(
    'openssl',
    ['req', '-x509', '-days', '1', ...key, ...names, '-out', certificateFile],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`openssl made no certificate: ${error?.message ?? stderr}`);
  return { certificateFile, keyFile };
}

export function certificateOf({ identity }: BrokerSetup): { certificate?: string } {
  return identity === undefined ? {} : { certificate: readFileSync(identity.certificateFile, 'utf8') };
}
