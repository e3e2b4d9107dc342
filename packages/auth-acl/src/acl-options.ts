import { type FieldChecks, integer, nonEmptyText, oneOf, readOptions, refuse } from '@carillon/hooks/checks';
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

const optionChecks: FieldChecks<AclOptions> = {
  rules: (value, field) => (isList(value) ? value : refuse(field, value, 'a list of rules')),
  file: nonEmptyText,
  mosquittoFile: nonEmptyText,
  subscriptions: oneOf(['refuse', 'narrow']),
  cachedTopics: integer(1, 1_000_000),
  checkInterval: integer(10, 86_400_000),
  maximumFileSize: integer(1, 1_073_741_824),
  name: nonEmptyText,
};

/** @throws AclError */
export function settleOptions(given: AclOptions): SettledAclOptions {
  const options = readOptions(given, optionChecks, optionError);
  const source = sourceOf(options);
  const isMosquitto = source.kind === 'file' && source.format === 'mosquitto';
  return {
    source,
    subscriptions: options.subscriptions ?? (isMosquitto ? 'narrow' : 'refuse'),
    cachedTopics: options.cachedTopics ?? 256,
    checkInterval: options.checkInterval ?? 1000,
    maximumFileSize: options.maximumFileSize ?? 16_777_216,
    noObjects: () => optionError('the rules come from a file: change that instead'),
  };
}

/** Each rule is looked at when it is compiled. */
function isList(value: unknown): value is readonly AclRule[] {
  return Array.isArray(value);
}

function sourceOf({ rules, file, mosquittoFile }: AclOptions): SettledAclOptions['source'] {
  const sources: (SettledAclOptions['source'] | undefined)[] = [
    rules && { kind: 'objects', rules },
    file === undefined ? undefined : { kind: 'file', path: file, format: 'own' },
    mosquittoFile === undefined ? undefined : { kind: 'file', path: mosquittoFile, format: 'mosquitto' },
  ];
  const [source, another] = sources.filter((given) => given !== undefined);
  if (source !== undefined && another === undefined) return source;
  throw optionError('give exactly one of rules, file and mosquittoFile');
}

function optionError(message: string): AclError {
  return new AclError('ACL_OPTION_INVALID', message);
}
