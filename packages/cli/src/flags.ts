import { parseArgs } from 'node:util';
import { limitRanges, nearNames } from '@carillon/broker';
import { usageError } from './command-error.ts';
import type { LogLevel } from './configuration.ts';
import type { FolderDurability } from './store-configuration.ts';

/** The command line, checked flag by flag. */
export interface Flags {
  readonly help: boolean;
  readonly version: boolean;
  readonly check: boolean;
  readonly memory: boolean;
  readonly data: string | undefined;
  readonly durability: FolderDurability | undefined;
  readonly allowAnonymous: boolean;
  readonly passwordFile: string | undefined;
  readonly aclFile: string | undefined;
  readonly config: string | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly tlsPort: number | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tlsCa: string | undefined;
  readonly wsPort: number | undefined;
  readonly wssPort: number | undefined;
  readonly wsPath: string | undefined;
  readonly unix: string | undefined;
  readonly maximumConnections: number | undefined;
  readonly maximumPacketSize: number | undefined;
  readonly maximumQueuedMessages: number | undefined;
}

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  check: { type: 'boolean' },
  memory: { type: 'boolean' },
  data: { type: 'string' },
  durability: { type: 'string' },
  'allow-anonymous': { type: 'boolean' },
  'password-file': { type: 'string' },
  'acl-file': { type: 'string' },
  config: { type: 'string', short: 'c' },
  'log-level': { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string', short: 'p' },
  'tls-port': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-ca': { type: 'string' },
  'ws-port': { type: 'string' },
  'wss-port': { type: 'string' },
  'ws-path': { type: 'string' },
  unix: { type: 'string' },
  'max-connections': { type: 'string' },
  'max-packet-size': { type: 'string' },
  'max-queued-messages': { type: 'string' },
} as const;

type Name = keyof typeof options;
/** Flags without a value are here with the value `''`. */
type Given = ReadonlyMap<string, string>;

const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
const durabilities: readonly FolderDurability[] = ['synced', 'written'];

/** @throws {CommandError} with exit code 2, naming the flag, the value and what would be right. */
export function readFlags(args: readonly string[]): Flags {
  const given = parse(args);
  return {
    help: given.has('help'),
    version: given.has('version'),
    check: given.has('check'),
    memory: given.has('memory'),
    data: given.get('data'),
    durability: oneOf(given, 'durability', durabilities),
    allowAnonymous: given.has('allow-anonymous'),
    passwordFile: given.get('password-file'),
    aclFile: given.get('acl-file'),
    config: given.get('config'),
    logLevel: oneOf(given, 'log-level', logLevels),
    host: given.get('host'),
    port: port(given, 'port'),
    tlsPort: port(given, 'tls-port'),
    tlsCert: given.get('tls-cert'),
    tlsKey: given.get('tls-key'),
    tlsCa: given.get('tls-ca'),
    wsPort: port(given, 'ws-port'),
    wssPort: port(given, 'wss-port'),
    wsPath: given.get('ws-path'),
    unix: given.get('unix'),
    maximumConnections: limit(given, 'max-connections', 'maximumConnections'),
    maximumPacketSize: limit(given, 'max-packet-size', 'maximumPacketSize'),
    maximumQueuedMessages: limit(given, 'max-queued-messages', 'maximumQueuedMessages'),
  };
}

/** Not strict, because the messages of a strict `parseArgs` do not say what was meant. */
function parse(args: readonly string[]): Given {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw usageError(`'${token.value}' is not an option; see carillon --help`);
    if (token.kind === 'option') given.set(token.name, valueGiven(token));
  }
  return given;
}

function valueGiven({ name, rawName, value, inlineValue }: OptionToken): string {
  if (!isName(name)) throw usageError(`there is no option ${rawName}${didYouMean(name)}`);
  if (options[name].type === 'boolean') {
    if (value !== undefined) throw usageError(`${rawName} takes no value, and was given '${value}'`);
    return '';
  }
  const isNextOption = inlineValue === false && value?.startsWith('-') === true;
  if (value === undefined || value === '' || isNextOption) throw usageError(`${rawName} needs a value`);
  return value;
}

interface OptionToken {
  readonly name: string;
  /** As it was typed: `--port` or `-p`. */
  readonly rawName: string;
  readonly value?: string | undefined;
  /** Whether the value came with `=`. */
  readonly inlineValue?: boolean | undefined;
}

function isName(name: string): name is Name {
  return Object.hasOwn(options, name);
}

function didYouMean(name: string): string {
  const near = nearNames(name, Object.keys(options));
  return near.length === 0 ? '; see carillon --help' : `: did you mean --${near.join(' or --')}?`;
}

function oneOf<T extends string>(given: Given, name: Name, words: readonly T[]): T | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  const word = words.find((known) => known === value);
  if (word === undefined) throw usageError(`--${name} is '${value}': give ${words.join(', ')}`);
  return word;
}

function port(given: Given, name: Name): number | undefined {
  return whole(given, name, [0, 65_535]);
}

/** In the range that the broker accepts, so that the message can name the flag. */
function limit(given: Given, name: Name, key: keyof typeof limitRanges): number | undefined {
  return whole(given, name, limitRanges[key]);
}

function whole(given: Given, name: Name, [least, most]: readonly [number, number]): number | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw usageError(`--${name} is '${value}': give a whole number from ${least} to ${most}`);
}
