import { messageOf } from '@carillon/hooks/checks';
import type { Change } from './database.ts';
import type { DamagedFile } from './files/database-files.ts';
import { keyOf } from './keys.ts';

/** What the records of a store are. */
export type RecordKind =
  | 'sessions'
  | 'subscriptions'
  | 'queue entries'
  | 'deliveries under way'
  | 'inbound packet identifiers'
  | 'Wills'
  | 'retained messages'
  | 'shared messages'
  | 'set aside';

/** Something that is not as it should be. */
export interface StoreFinding {
  /** Where; the parts of the key are joined by spaces. */
  readonly key: string;
  readonly problem: string;
}

/** What `checkLevelStore` has found. */
export interface StoreReport {
  /** Undefined when the store does not say which format it has. */
  readonly format: number | undefined;
  readonly counts: ReadonlyMap<RecordKind, number>;
  /**
   * Files of LevelDB's own that are damaged. Unless they are repaired the store is not opened, and its records are
   * not looked at.
   */
  readonly damagedFiles: readonly DamagedFile[];
  /** Bytes at the ends of files that belong to something which was not finished, as a crash leaves them. */
  readonly unfinishedBytes: number;
  /** How many things are wrong: damaged files, and what `findings` begins to tell. */
  readonly wrong: number;
  /** The first thousand of them. */
  readonly findings: readonly StoreFinding[];
  /** Whether they were put right. */
  readonly isRepaired: boolean;
}

const findingsKept = 1_000;

/** Gathers what is found, and the changes that would put it right. */
export class Findings {
  readonly counts = new Map<RecordKind, number>();
  readonly changes: Change[] = [];
  readonly list: StoreFinding[] = [];
  wrong = 0;
  format: number | undefined = undefined;

  count(kind: RecordKind, number = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + number);
  }

  /** Something is wrong; `repair` puts it right. */
  found(key: string, problem: string, ...repair: readonly Change[]): void {
    this.wrong++;
    this.changes.push(...repair);
    if (this.list.length < findingsKept) this.list.push({ key: key.replaceAll('\0', ' '), problem });
  }

  /** A record that cannot be read goes where a broker would put it. */
  damaged(key: string, value: Uint8Array, error: unknown): void {
    const reason = messageOf(error);
    this.found(
      key,
      `cannot be read: ${reason}`,
      { type: 'put', key: keyOf.setAside(key), value },
      { type: 'del', key },
    );
  }

  /** Whether a record could be read; else it is found to be damaged. */
  tryRead(key: string, value: Uint8Array, read: () => unknown): boolean {
    try {
      read();
      return true;
    } catch (error) {
      this.damaged(key, value, error);
      return false;
    }
  }

  /** Whether the session of a record is there; else the record is found to belong to nothing. */
  belongs(key: string, isThere: boolean): boolean {
    if (!isThere) this.found(key, 'the session it belongs to is not there', { type: 'del', key });
    return isThere;
  }

  report(
    { damaged, torn }: { readonly damaged: readonly DamagedFile[]; readonly torn: number },
    isRepaired: boolean,
  ): StoreReport {
    const wrong = this.wrong + damaged.length;
    return {
      format: this.format,
      counts: this.counts,
      damagedFiles: damaged.map(({ file, problem, bytes }) => ({ file, problem, bytes })),
      unfinishedBytes: torn,
      wrong,
      findings: this.list,
      isRepaired: isRepaired && wrong > 0,
    };
  }
}
