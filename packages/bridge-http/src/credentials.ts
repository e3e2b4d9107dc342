import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

/** What CONNECT will say of who comes. */
export interface Credentials {
  readonly username?: string;
  readonly password?: Uint8Array;
}

const longestField = 65_535;

/**
 * Reads `Authorization`: Basic gives user name and password, Bearer a password that is the token. Another scheme is
 * somebody else's.
 *
 * @throws {Problem} 401 for what cannot be read.
 */
export function readCredentials({ authorization = '' }: IncomingHttpHeaders, challenge: string): Credentials {
  const { scheme, rest = '' } = /^(?<scheme>[!-~]+) +(?<rest>[!-~]*) *$/.exec(authorization)?.groups ?? {};
  switch (scheme?.toLowerCase()) {
    case 'basic':
      return readBasic(rest) ?? refuse('Basic', challenge);
    case 'bearer':
      return rest === '' || rest.length > longestField
        ? refuse('Bearer', challenge)
        : { password: Buffer.from(rest, 'latin1') };
    default:
      return {};
  }
}

/** RFC 7617, in UTF-8. */
function readBasic(text: string): Credentials | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const colon = bytes.indexOf(':');
  if (colon === -1 || bytes.length > longestField) return undefined;
  const name = bytes.subarray(0, colon);
  const username = name.toString('utf8');
  if (username.includes('\0') || !Buffer.from(username, 'utf8').equals(name)) return undefined;
  return { username, password: bytes.subarray(colon + 1) };
}

function refuse(scheme: string, challenge: string): never {
  throw new Problem(401, `the header Authorization cannot be read as ${scheme}`, {
    headers: { 'WWW-Authenticate': challenge },
  });
}
