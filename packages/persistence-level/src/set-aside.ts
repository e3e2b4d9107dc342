/** A record that could not be read and was set aside. */
export interface DamagedRecord {
  readonly key: string;
  readonly error: Error;
}

/** What is done with a record that could not be read. */
export type SetAside = (record: DamagedRecord & { readonly value: Uint8Array }) => Promise<void>;
