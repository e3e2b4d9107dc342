import type { AuthenticateEvent, UpgradeRequest } from '@carillon/hooks';

/**
 * Where a client may have its token: in CONNECT (`password`, `username`), or in the HTTP request that a WebSocket
 * began with: the header `Authorization: Bearer …` (`authorization`), another header, a cookie, or a parameter of the
 * query.
 *
 * A cookie comes from every page that a browser has open: allow it only together with the `origins` of the listener.
 * User name and query are seen by other plugins, and by whoever logs them.
 */
export type TokenSource =
  | 'password'
  | 'username'
  | 'authorization'
  | { readonly header: string }
  | { readonly cookie: string }
  | { readonly query: string };

/** What stands where a token may be, in the order of the sources. */
export function* textsFrom(sources: readonly TokenSource[], event: AuthenticateEvent): Generator<string> {
  for (const source of sources) {
    const text = textFrom(source, event);
    if (text !== undefined) yield text;
  }
}

function textFrom(
  source: TokenSource,
  { username, password, remote }: AuthenticateEvent,
): string | undefined {
  if (source === 'password') return password === undefined ? undefined : tokenText(password);
  if (source === 'username') return username;
  const { request } = remote;
  if (request === undefined) return undefined;
  if (source === 'authorization') return bearerOf(headerOf(request, source));
  if ('header' in source) return headerOf(request, source.header.toLowerCase());
  if ('cookie' in source) return cookieOf(request, source.cookie);
  const query = request.url.indexOf('?');
  return query === -1
    ? undefined
    : (new URLSearchParams(request.url.slice(query)).get(source.query) ?? undefined);
}

/** A token is ASCII: bytes that are not come out as letters no token has. */
export function tokenText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function headerOf({ headers }: UpgradeRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** RFC 6750 §2.1 */
function bearerOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^bearer +(\S+)$/i.exec(header)?.[1];
}

/** RFC 6265 §4.2: the first of a name, as its longest path comes first. */
function cookieOf(request: UpgradeRequest, name: string): string | undefined {
  for (const pair of (headerOf(request, 'cookie') ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
