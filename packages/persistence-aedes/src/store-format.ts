import { StoreError } from '@carillon/persistence';
import type { Backend } from './backend.ts';
import { type IdForm, storeClientId } from './client-ids.ts';
import { ObjectFields } from './object-fields.ts';
import { sessionSlot } from './session-slot.ts';

/** The records as this version writes them. Raised when an older version could not read them. */
export const formatVersion = 1;

/**
 * Marks a new store with its format and the form of its client ids, and says which form it has: once chosen
 * it stays, or its sessions would not be found again.
 */
export async function agreeOnFormat(backend: Backend, form: IdForm, name: string): Promise<IdForm> {
  const stored = await backend.slot(storeClientId, sessionSlot);
  if (stored === undefined) {
    await backend.putSlot(storeClientId, sessionSlot, JSON.stringify({ format: formatVersion, ids: form }));
    return form;
  }
  const { format, ids } = readFormat(new TextDecoder().decode(stored.payload), name);
  if (format > formatVersion) {
    throw new StoreError(
      'newer-format',
      `${name}: it has format ${format}, and this version of Carillon reads formats up to ${formatVersion}; use the version that wrote it, or a newer one`,
    );
  }
  if (ids === 'plain' && form === 'prefix-free') {
    throw new StoreError(
      'newer-format',
      `${name}: a newer version of the backend wrote it; this one would mix up clients whose ids begin alike`,
    );
  }
  return ids;
}

/** @throws StoreError when it cannot be read. */
export function readFormat(text: string, name: string): { format: number; ids: IdForm } {
  try {
    const fields = ObjectFields.parse(text);
    return { format: fields.number('format'), ids: fields.oneOf('ids', ['plain', 'prefix-free']) };
  } catch (error) {
    throw new StoreError('damaged', `${name}: its format cannot be read`, error);
  }
}
