import type { StoreOperation } from '@carillon/persistence';
import type { AedesPacket } from './aedes-packet.ts';
import { writeId } from './client-ids.ts';
import type { Traits } from './probes.ts';
import { emptyRetainedPacket, entryPacket, retainedPacket, willPacket } from './stored-packets.ts';

/** What an operation stores, if it is a packet. */
export function operationPacket(operation: StoreOperation, traits: Traits): AedesPacket | undefined {
  const { carrier, ids } = traits;
  switch (operation.do) {
    case 'enqueue':
      return entryPacket(operation.entry, writeId(operation.clientId, ids), carrier);
    case 'putWill':
      return willPacket(operation.will, carrier);
    case 'putRetained':
      return retainedPacket(operation.message, carrier);
    case 'deleteRetained':
      return emptyRetainedPacket(operation.topic);
    default:
      return undefined;
  }
}
