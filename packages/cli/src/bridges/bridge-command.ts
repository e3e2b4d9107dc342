import { readFileSync } from 'node:fs';
import { messageOf } from '@carillon/hooks/checks';
import { CommandError, usageError } from '../command-error.ts';
import { readConnections } from './mosquitto-conf.ts';
import { settleBridges } from './settle-bridges.ts';
import { translateConnection } from './translate-connection.ts';

/** What `carillon bridge --help` prints. */
export const bridgeHelp = `carillon bridge: bridges to other brokers

  carillon bridge import FILE   read the bridges of a mosquitto.conf; print them as the key "bridges"
                                of a configuration file, and what does not carry over on standard error

Exit codes: 0 all is well, 1 there is no bridge in it or one cannot be, 2 the command line is wrong.
`;

/**
 * `carillon bridge …`
 *
 * @returns The exit code.
 * @throws {CommandError} when the command line is wrong, or the file cannot be read or has no bridge.
 */
export async function bridgeCommand([name, ...words]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || words.includes('--help')) {
    process.stdout.write(bridgeHelp);
    return 0;
  }
  if (name !== 'import') throw usageError(`there is no carillon bridge ${name}: there is import`);
  const [file, ...more] = words;
  if (file === undefined || more.length > 0) throw usageError('it is: carillon bridge import FILE');
  return importBridges(file);
}

async function importBridges(file: string): Promise<number> {
  const sections = readConnections(readText(file));
  if (sections.length === 0)
    throw new CommandError(`${file} has no bridge: no line begins with "connection"`);
  const translated = sections.map(translateConnection);
  for (const { bridge, remarks } of translated) {
    for (const remark of remarks) process.stderr.write(`${file}: ${bridge.name}: ${remark}\n`);
  }
  const bridges = translated.map(({ bridge }) => bridge);
  process.stdout.write(`${JSON.stringify({ bridges }, null, 2)}\n`);
  // What could not be used is said now, and not at the next start.
  await (await settleBridges(bridges, '', { readsFiles: false })).make();
  return 0;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${messageOf(error)}`, 1, error);
  }
}
