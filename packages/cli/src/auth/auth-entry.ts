import type { Logger, Plugin } from '@carillon/hooks';
import type { Flags } from '../flags.ts';
import type { OptionForms } from '../option-forms.ts';

/**
 * One key of `auth` in the configuration file: a package that says who may connect, or what he may do.
 *
 * To add a package, write a file for its key beside this one (`password.ts` is the model) that exports
 * - the interface of its options as they stand in a file, with a comment for each,
 * - an `AuthEntry` that has a form for each option and imports the package where it is asked for,
 * and put both into `auth-table.ts`. What is known of the key everywhere else (the checks, `--check`, the order,
 * whether listeners may be open) comes from there.
 */
export interface AuthEntry<Options extends object> {
  /**
   * Its place in the order: guards are asked before everybody, then those who authenticate, as they stand in the
   * file, then those who authorize. Whoever authenticates also opens listeners beyond loopback.
   */
  readonly kind: 'guard' | 'authenticates' | 'authorizes';
  /** A form for each option. */
  readonly forms: OptionForms<Options>;
  /** What flags say of it: they go before the file. Relative file names start where the command runs. */
  ofFlags?(flags: Flags): Partial<Options>;
  /**
   * Imports the package, so that nothing is loaded that is not asked for, and makes the plugin. What can be wrong
   * with the options and their files is thrown here: `--check` does this too, and goes no further.
   */
  make(options: Options, surroundings: AuthSurroundings): Promise<Plugin>;
}

/** What an entry can know of the rest. */
export interface AuthSurroundings {
  /** The log of the command. */
  readonly log: Logger;
  /** Whether somebody after it also authenticates: then whom it does not know is for others to judge. */
  readonly othersFollow: boolean;
}
