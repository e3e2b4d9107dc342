/*
 * Names that no MQTT client can bear or write, because U+0000 is forbidden in both. [MQTT-1.5.4-2]
 */

/** The subscription that marks a session of ours; `getClientList` finds its clients. */
export const sessionMarker = '$carillon/session/\0';

/** Keeps what is true of the whole store. */
export const storeClientId = '$carillon\0';

/** Used to try out a backend. The first is a prefix of the second on purpose. */
export const probeClientIds = ['$carillon\0p', '$carillon\0pp'] as const;

/** Whether a client id found in the store is one of those above. */
export function isReserved(clientId: string): boolean {
  return clientId.startsWith(storeClientId);
}

/**
 * How client ids are given to the backend: as they are, so that Aedes and Carillon find each other's sessions;
 * or so that none is the beginning of another, for backends that read keys by their beginning.
 */
export type IdForm = 'plain' | 'prefix-free';

export function writeId(clientId: string, form: IdForm): string {
  return form === 'plain' ? clientId : `${Buffer.from(clientId).toString('base64url')}.`;
}

/** Undefined when the id is none that was written so. */
export function readId(stored: string, form: IdForm): string | undefined {
  if (form === 'plain') return stored;
  if (!/^[\w-]+\.$/.test(stored)) return undefined;
  return Buffer.from(stored.slice(0, -1), 'base64url').toString();
}
