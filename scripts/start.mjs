// `npm start`: set up, then be the `carillon` command.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { giveUp, root, setUp } from './setup.mjs';

const command = join(root, 'packages', 'cli', 'bin', 'carillon.js');

try {
  await setUp();
  // In this very process: signals and the exit code are the broker's own, and no second Node has to start.
  process.argv[1] = command;
  await import(pathToFileURL(command).href);
} catch (error) {
  giveUp(error);
}
