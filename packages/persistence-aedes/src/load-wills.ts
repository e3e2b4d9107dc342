import type { WillRecord } from '@carillon/persistence';
import { emptyPacket } from './aedes-packet.ts';
import type { Backend } from './backend.ts';
import { brokerId } from './broker-ids.ts';
import { isReserved, probeClientIds, readId, writeId } from './client-ids.ts';
import type { Traits } from './probes.ts';
import { readOrTell } from './read-or-tell.ts';
import { allSideBySide } from './side-by-side.ts';
import { readWill, willPacket } from './stored-packets.ts';

export interface LoadedWill {
  readonly will: WillRecord;
  /** The broker id under which it is stored, which finds it. */
  readonly broker: string;
}

export interface LoadWillsOptions {
  readonly backend: Backend;
  readonly traits: Traits;
  /** Told of what could not be read or is not whole. */
  readonly warn: (details: object, message: string) => void;
  readonly now: () => number;
}

interface Shown {
  readonly wills: Map<string, LoadedWill>;
  /** The Will that was put at the end is shown, too. */
  readonly isWhole: boolean;
}

/** Wills that are written side by side. */
const atOnce = 32;
const [sentinelId] = probeClientIds;

/**
 * All Wills, by client id. Redis shows the first 10,001. A Will that is stored again goes behind the others there,
 * so those that were shown are, until one that was put at the end before is to be seen.
 *
 *     a b c │ d e S         a, b and c are shown, S is not
 *     d e S │ a b c         S is shown: what stands behind it is known
 */
export async function loadWills(options: LoadWillsOptions): Promise<Map<string, LoadedWill>> {
  const { backend, warn } = options;
  const wills = new Map<string, LoadedWill>();
  await backend.putWill(sentinelId, emptyPacket, undefined);
  try {
    for (;;) {
      const known = wills.size;
      const shown = await readWills(options);
      for (const [clientId, will] of shown.wills) if (!wills.has(clientId)) wills.set(clientId, will);
      if (shown.isWhole) return wills;
      if (wills.size === known) {
        warn({ shown: known }, 'the backend shows only some of the Wills: the others will not be sent');
        return wills;
      }
      await storeAgain(options, shown.wills.keys(), wills);
    }
  } finally {
    await backend.deleteWill(sentinelId, brokerId);
  }
}

async function readWills({ backend, traits, warn, now }: LoadWillsOptions): Promise<Shown> {
  const wills = new Map<string, LoadedWill>();
  let isWhole = false;
  for await (const packet of backend.wills()) {
    if (!(packet instanceof Error) && packet.clientId === sentinelId) isWhole = true;
    const will = readOrTell(
      packet,
      (p) => readWill(p, now()),
      (err) => warn({ err }, 'a Will is damaged and left out'),
    );
    if (will === undefined || packet instanceof Error || packet.clientId === undefined) continue;
    // The backend writes into the packet the client id that it was given.
    const clientId = readId(packet.clientId, traits.ids);
    if (clientId === undefined || isReserved(packet.clientId)) continue;
    wills.set(clientId, { will, broker: packet.brokerId });
  }
  return { wills, isWhole };
}

async function storeAgain(
  { backend, traits }: LoadWillsOptions,
  clientIds: Iterable<string>,
  wills: Map<string, LoadedWill>,
): Promise<void> {
  await allSideBySide(clientIds, atOnce, async (clientId) => {
    const found = wills.get(clientId);
    if (found === undefined) return;
    const packet = willPacket(found.will, traits.carrier);
    await backend.putWill(writeId(clientId, traits.ids), packet, found.broker);
    wills.set(clientId, { ...found, broker: brokerId });
  });
}
