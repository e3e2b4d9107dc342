import { StoreError, type StoreFailure } from '@carillon/persistence';

/** The database's error as the store contract has it, with what went wrong and where. */
export function storeErrorOf(error: unknown, store: string): StoreError {
  if (error instanceof StoreError) return error;
  const messages = chainOf(error);
  const failure = failureOf(messages);
  return new StoreError(
    failure,
    `${store}: ${explanations[failure]} (${messages.map((m) => m.message).join(': ')})`,
    error,
  );
}

const explanations: Readonly<Record<StoreFailure, string>> = {
  full: 'no room is left on the disk',
  io: 'the database failed',
  closed: 'the database is not open',
  locked: 'another process has it open',
  'newer-format': 'it was written by a newer version',
  damaged: 'its files are damaged',
};

function failureOf(chain: readonly { code: string; message: string }[]): StoreFailure {
  for (const { code, message } of chain) {
    if (/no space left|ENOSPC|disk quota|EDQUOT/i.test(message)) return 'full';
    if (code === 'LEVEL_LOCKED') return 'locked';
    if (code === 'LEVEL_CORRUPTION' || message.startsWith('Corruption:')) return 'damaged';
    // One of its own files, which another names.
    if (/^IO error:.*No such file/.test(message)) return 'damaged';
  }
  // One that does not open says so too, and then why.
  const [first] = chain;
  return chain.length === 1 && first?.code === 'LEVEL_DATABASE_NOT_OPEN' ? 'closed' : 'io';
}

function chainOf(error: unknown): { code: string; message: string }[] {
  const chain: { code: string; message: string }[] = [];
  for (let e = error; e instanceof Error; e = e.cause) {
    const code = 'code' in e && typeof e.code === 'string' ? e.code : '';
    chain.push({ code, message: e.message });
  }
  return chain.length > 0 ? chain : [{ code: '', message: String(error) }];
}
