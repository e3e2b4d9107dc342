/** What `carillon store --help` prints. */
export const storeHelp = `carillon store: looks after a store while no broker has it open

  carillon store check DIR [--repair]   read everything; tell which files and records are damaged,
                                        belong to nothing or are counted wrong; with --repair, put it
                                        right, and keep damaged files in DIR/damaged. It cannot see
                                        that the newest file has lost its end
  carillon store stats DIR              how many sessions, subscriptions, messages and bytes
  carillon store copy FROM TO           copy everything into an empty store
  carillon store export DIR [FILE]      write everything as lines of JSON, to standard output by default
  carillon store import FILE DIR        read such lines into an empty store; - is standard input

DIR is a folder of the broker's (--data). FROM may also be a folder that Aedes wrote with
aedes-persistence-level; FROM and TO may be modules (.js, .mjs, .ts) whose default export is a store.

Exit codes: 0 all is well, 1 something is wrong or could not be done, 2 the command line is wrong.
`;
