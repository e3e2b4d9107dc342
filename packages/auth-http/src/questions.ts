import type { AuthenticateEvent, ClientView, PublishEvent, Remote, SubscribeEvent } from '@carillon/hooks';

/** What is posted to `authenticate`: who is this? Described in `openapi.yaml`. */
export interface AuthenticateQuestion {
  readonly clientId: string;
  readonly username?: string;
  /** Where it is UTF-8; otherwise `passwordBase64`. */
  readonly password?: string;
  readonly passwordBase64?: string;
  readonly protocolVersion: 3 | 4 | 5;
  readonly cleanStart: boolean;
  readonly remote: RemoteDescription;
}

/** Where a client comes from. Its port is left out: it is another one each time. */
export interface RemoteDescription {
  readonly transport: Remote['transport'];
  readonly encrypted: boolean;
  readonly address?: string;
  readonly listener?: string;
  readonly serverName?: string;
  readonly certificate?: CertificateDescription;
  readonly request?: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

/** A client certificate, as far as JSON can have it. */
export interface CertificateDescription {
  readonly authorized: boolean;
  readonly subject: Readonly<Record<string, string | readonly string[]>>;
  readonly issuer: Readonly<Record<string, string | readonly string[]>>;
  readonly subjectAlternativeName?: string;
  readonly fingerprint256: string;
  readonly serialNumber: string;
}

/** What is posted to `authorize`: may the client do this? Described in `openapi.yaml`. */
export type AuthorizeQuestion = PublishQuestion | SubscribeQuestion;

/** A message that is about to be published. */
export interface PublishQuestion {
  readonly action: 'publish';
  /** As the client names it: its mount point is not part of it. */
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly origin: PublishEvent['message']['origin'];
  /** The publisher; absent for bridges, and Wills of clients that are gone. */
  readonly client?: ClientDescription;
  /** Client id of the publisher, or name of the bridge. */
  readonly publisherId: string;
}

/** A subscription that is about to be granted. */
export interface SubscribeQuestion {
  readonly action: 'subscribe';
  /** Without `$share/…`, and without the mount point. */
  readonly filter: string;
  readonly shareName?: string;
  readonly qos: 0 | 1 | 2;
  readonly client: ClientDescription;
}

/** A connected client. */
export interface ClientDescription {
  readonly clientId: string;
  readonly identity?: string;
  readonly username?: string;
  readonly groups: readonly string[];
  readonly mountPoint: string;
  readonly protocolVersion: 3 | 4 | 5;
  readonly address?: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function authenticateQuestion(
  { clientId, username, password, connect, remote }: AuthenticateEvent,
  forwardHeaders: readonly string[],
): AuthenticateQuestion {
  return {
    clientId,
    ...(username !== undefined && { username }),
    ...(password !== undefined && passwordFields(password)),
    protocolVersion: connect.protocolVersion,
    cleanStart: connect.cleanStart,
    remote: describeRemote(remote, forwardHeaders),
  };
}

/** A password is bytes. Most are text, and text is what most services compare. */
function passwordFields(password: Uint8Array): Pick<AuthenticateQuestion, 'password' | 'passwordBase64'> {
  try {
    return { password: utf8.decode(password) };
  } catch {
    return { passwordBase64: Buffer.from(password).toString('base64') };
  }
}

function describeRemote(remote: Remote, forwardHeaders: readonly string[]): RemoteDescription {
  const { transport, encrypted, address, listener, serverName, certificate, request } = remote;
  return {
    transport,
    encrypted,
    ...(address !== undefined && { address }),
    ...(listener !== undefined && { listener }),
    ...(serverName !== undefined && { serverName }),
    ...(certificate !== undefined && { certificate: describeCertificate(certificate) }),
    ...(request !== undefined && {
      request: { url: request.url, headers: headersOf(request, forwardHeaders) },
    }),
  };
}

function describeCertificate(certificate: NonNullable<Remote['certificate']>): CertificateDescription {
  const { authorized, subject, issuer, subjectAlternativeName, fingerprint256, serialNumber } = certificate;
  return {
    authorized,
    subject,
    issuer,
    ...(subjectAlternativeName !== undefined && { subjectAlternativeName }),
    fingerprint256,
    serialNumber,
  };
}

function headersOf(
  request: NonNullable<Remote['request']>,
  names: readonly string[],
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of names) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

export function publishQuestion({ message, client }: PublishEvent): PublishQuestion {
  const { topic, qos, retain, origin, publisherId } = message;
  const mountPoint = client?.mountPoint ?? '';
  return {
    action: 'publish',
    topic: topic.startsWith(mountPoint) ? topic.slice(mountPoint.length) : topic,
    qos,
    retain,
    origin,
    ...(client !== undefined && { client: describeClient(client) }),
    publisherId,
  };
}

export function subscribeQuestion({ client, subscription }: SubscribeEvent): SubscribeQuestion {
  const { filter, shareName, qos } = subscription;
  return {
    action: 'subscribe',
    filter: shareName === undefined ? filter : filter.slice(`$share/${shareName}/`.length),
    ...(shareName !== undefined && { shareName }),
    qos,
    client: describeClient(client),
  };
}

function describeClient(client: ClientView): ClientDescription {
  const { id, identity, username, groups, mountPoint, protocolVersion, remote } = client;
  return {
    clientId: id,
    ...(identity !== undefined && { identity }),
    ...(username !== undefined && { username }),
    groups,
    mountPoint,
    protocolVersion,
    ...(remote.address !== undefined && { address: remote.address }),
  };
}
