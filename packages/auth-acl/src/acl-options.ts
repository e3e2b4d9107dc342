import { AclError } from './acl-error.ts';
import type { AclFormat } from './acl-file.ts';
import type { AclRule } from './acl-rule.ts';
import type { WiderSubscriptions } from './rule-set.ts';

/** Where the rules come from: exactly one of `rules`, `file` and `mosquittoFile`. And how they are taken. */
export interface AclOptions {
  /** Rules as objects. */
  readonly rules?: readonly AclRule[];
  /** A file in the format of this package. */
  readonly file?: string;
  /** An ACL file of Mosquitto. */
  readonly mosquittoFile?: string;
  /**
   * A subscription that asks for more than the rules allow: `refuse` it, or grant it where they allow a part of it and
   * `narrow` it at delivery. Default: `refuse`; with `mosquittoFile` `narrow`, which there grants every subscription,
   * as Mosquitto does.
   */
  readonly subscriptions?: WiderSubscriptions;
  /** Topics of which the verdict is remembered, for each client and direction. Default 256. */
  readonly cachedTopics?: number;
  /** Milliseconds between two looks at the file. Default 1000. */
  readonly checkInterval?: number;
  /** Bytes; a larger file is not read. Default 16 MiB. */
  readonly maximumFileSize?: number;
  /** The plugin's name. Default `auth-acl`. */
  readonly name?: string;
}

/** The options, complete. */
export interface SettledAclOptions {
  readonly source:
    | { readonly kind: 'objects'; readonly rules: readonly AclRule[] }
    | { readonly kind: 'file'; readonly path: string; readonly format: AclFormat };
  readonly subscriptions: WiderSubscriptions;
  readonly cachedTopics: number;
  readonly checkInterval: number;
  readonly maximumFileSize: number;
  /** For whoever gives rules to a plugin that has a file. */
  noObjects(): AclError;
}

const known: { readonly [Name in keyof AclOptions]-?: true } = {
  rules: true,
  file: true,
  mosquittoFile: true,
  subscriptions: true,
  cachedTopics: true,
  checkInterval: true,
  maximumFileSize: true,
  name: true,
};

/** @throws AclError */
export function settleOptions(options: AclOptions): SettledAclOptions {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    throw optionError(`there is no option ${unknown}; there are ${Object.keys(known).join(', ')}`);
  }
  const source = sourceOf(options);
  const isMosquitto = source.kind === 'file' && source.format === 'mosquitto';
  const { subscriptions = isMosquitto ? 'narrow' : 'refuse' } = options;
  if (subscriptions !== 'refuse' && subscriptions !== 'narrow') {
    throw optionError('subscriptions has to be "refuse" or "narrow"');
  }
  return {
    source,
    subscriptions,
    cachedTopics: whole('cachedTopics', options.cachedTopics, 256, 1, 1_000_000),
    checkInterval: whole('checkInterval', options.checkInterval, 1000, 10, 86_400_000),
    maximumFileSize: whole('maximumFileSize', options.maximumFileSize, 16_777_216, 1, 1_073_741_824),
    noObjects: () => optionError('the rules come from a file: change that instead'),
  };
}

function sourceOf({ rules, file, mosquittoFile }: AclOptions): SettledAclOptions['source'] {
  const given = [rules, file, mosquittoFile].filter((source) => source !== undefined).length;
  if (given !== 1) throw optionError('give exactly one of rules, file and mosquittoFile');
  if (rules !== undefined) return { kind: 'objects', rules };
  const path = file ?? mosquittoFile;
  if (typeof path !== 'string' || path === '') throw optionError('the name of the file has to be a text');
  return { kind: 'file', path, format: file === undefined ? 'mosquitto' : 'own' };
}

function whole(name: string, value: number | undefined, usual: number, least: number, most: number): number {
  if (value === undefined) return usual;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw optionError(`${name} has to be a whole number from ${least} to ${most}`);
}

function optionError(message: string): AclError {
  return new AclError('ACL_OPTION_INVALID', message);
}
