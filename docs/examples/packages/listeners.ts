import http from 'node:http';
import type { ByteChannel, Remote } from '@carillon/hooks';
import { type Accept, attach, listen } from '@carillon/listeners';

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

interface Host {
  handle(channel: ByteChannel, remote: Remote): void;
}

export async function serveTls(
  broker: Host,
  ca: string,
  { cert, key }: Certificate,
  { cert: newCert, key: newKey }: Certificate,
  meanwhile: (port: number) => Promise<void>,
): Promise<void> {
  const accept: Accept = (channel, remote) => broker.handle(channel, remote);
  const listener = await listen({ port: 8883, tls: { cert, key, ca, requestCert: true } }, accept);
  console.log(listener.name); // tls://[::]:8883

  listener.setSecureContext({ cert: newCert, key: newKey, ca }); // while it runs, SNI included
  await meanwhile(listener.address.port);
  await listener.close(); // stops listening; connections live on
}

export function besideAnApplication(broker: Host, app: http.RequestListener): http.Server {
  const server = http.createServer(app);
  attach(server, { path: '/mqtt' }, (channel, remote) => broker.handle(channel, remote));
  return server;
}
