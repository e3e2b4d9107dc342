import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBroker } from 'carillon';

const { CREDENTIALS_DIRECTORY = '/etc/my-app/tls' } = process.env;

function readCertificates() {
  return {
    cert: readFileSync(join(CREDENTIALS_DIRECTORY, 'server.crt')),
    key: readFileSync(join(CREDENTIALS_DIRECTORY, 'server.key')),
    ca: readFileSync(join(CREDENTIALS_DIRECTORY, 'devices-ca.crt')),
  };
}

const broker = createBroker();
const listener = await broker.listen({ port: 8883, tls: { ...readCertificates(), requestCert: true } });

// New certificates: connections that are there keep theirs, new ones get these.
process.on('SIGHUP', () => listener.setSecureContext(readCertificates()));

broker.use({
  name: 'certificate-names',
  hooks: {
    authenticate({ remote }) {
      const name = remote.certificate?.subject.CN;
      return typeof name === 'string' && { allow: true, identity: name };
    },
  },
});

export { broker, listener };
