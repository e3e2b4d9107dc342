import { messageOf } from '@carillon/hooks/checks';
import { version } from 'carillon';
import { makePlugins } from './auth/make-plugins.ts';
import { CommandError } from './command-error.ts';
import { settleConfiguration } from './effective-configuration.ts';
import { readFlags } from './flags.ts';
import { help } from './help.ts';
import { createLog } from './log.ts';
import { printConfiguration } from './print-configuration.ts';
import { runBroker } from './run-broker.ts';

/** Does what the command line says. Never rejects: a failure is printed, and ends the process with its exit code. */
export async function runCommand(args: readonly string[]): Promise<void> {
  try {
    await obey(args);
  } catch (error) {
    await print(process.stderr, `carillon: ${messageOf(error)}\n`);
    // A module given to --config may hold something open.
    process.exit(error instanceof CommandError ? error.exitCode : 1);
  }
}

async function obey(args: readonly string[]): Promise<void> {
  if (args[0] === 'store') {
    // Loaded only where it is asked for.
    const { storeCommand } = await import('./store/store-command.ts');
    process.exit(await storeCommand(args.slice(1)));
  }
  if (args[0] === 'password') {
    const { passwordCommand } = await import('./password/password-command.ts');
    process.exit(await passwordCommand(args.slice(1)));
  }
  if (args[0] === 'bridge') {
    const { bridgeCommand } = await import('./bridges/bridge-command.ts');
    process.exit(await bridgeCommand(args.slice(1)));
  }
  const flags = readFlags(args);
  if (flags.help) return answer(help);
  if (flags.version) return answer(`${version}\n`);
  const configuration = await settleConfiguration(flags);
  if (flags.check) {
    await makePlugins(configuration.auth, configuration.plugins, await createLog('silent', false));
    await configuration.bridges?.make();
    await configuration.webhooks?.make();
    return answer(`${printConfiguration(configuration)}\n`);
  }
  const log = await createLog(configuration.logLevel, process.stdout.isTTY === true);
  await runBroker(configuration, log);
}

/** The command was a question: here is the answer, and that is all. */
async function answer(text: string): Promise<void> {
  await print(process.stdout, text);
  process.exit(0);
}

function print(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}
