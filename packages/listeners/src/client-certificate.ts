import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from './channel.ts';

/** The certificate the client showed, or `undefined` when it showed none or was not asked. */
export function clientCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const peer = socket.getPeerCertificate();
  // Node answers with an empty object when there is none.
  if (!peer?.raw) return undefined;
  return {
    authorized: socket.authorized,
    ...(!socket.authorized && { authorizationError: String(socket.authorizationError) }),
    subject: namesOf(peer.subject),
    issuer: namesOf(peer.issuer),
    ...(peer.subjectaltname !== undefined && { subjectAlternativeName: peer.subjectaltname }),
    fingerprint256: peer.fingerprint256,
    serialNumber: peer.serialNumber,
    validFrom: Date.parse(peer.valid_from),
    validTo: Date.parse(peer.valid_to),
    raw: peer.raw,
  };
}

/** A name may hold an attribute once (`CN`) or several times (`OU`). */
function namesOf(name: object): Record<string, string | string[]> {
  return { ...name };
}
