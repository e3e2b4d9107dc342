/** Where a plan puts its changes of the database. */
export interface Changes {
  readonly put: (key: string, value: Uint8Array) => void;
  readonly remove: (key: string) => void;
}
