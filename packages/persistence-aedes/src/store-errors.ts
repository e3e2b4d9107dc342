import { StoreError, type StoreFailure } from '@carillon/persistence';

const explanations: Readonly<Record<StoreFailure, string>> = {
  full: 'no room is left',
  io: 'the backend failed',
  closed: 'the backend is not open',
  locked: 'another process has it open',
  'newer-format': 'it was written by a newer version',
  damaged: 'its contents are damaged',
};

/** The backend's error as the store contract has it, with what went wrong and where. */
export function storeErrorOf(error: unknown, store: string): StoreError {
  if (error instanceof StoreError) return error;
  const chain = chainOf(error);
  const failure = failureOf(chain);
  const said = chain.map(({ message }) => message).join(': ');
  return new StoreError(failure, `${store}: ${explanations[failure]} (${said})`, error);
}

interface Link {
  readonly code: string;
  readonly message: string;
}

function failureOf(chain: readonly Link[]): StoreFailure {
  for (const { code, message } of chain) {
    // LevelDB and the file system; Redis; MongoDB.
    if (/no space left|ENOSPC|disk quota|EDQUOT|^OOM |OutOfDiskSpace/i.test(message)) return 'full';
    if (code === 'LEVEL_LOCKED') return 'locked';
    if (code === 'LEVEL_CORRUPTION') return 'damaged';
    if (code === 'LEVEL_DATABASE_NOT_OPEN' || /^Connection is closed/.test(message)) return 'closed';
  }
  return 'io';
}

function chainOf(error: unknown): Link[] {
  const chain: Link[] = [];
  for (let e = error; e instanceof Error; e = e.cause) {
    const code = 'code' in e && typeof e.code === 'string' ? e.code : '';
    chain.push({ code, message: e.message });
  }
  return chain.length > 0 ? chain : [{ code: '', message: String(error) }];
}
