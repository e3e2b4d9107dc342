// Runs one command of the set-up or of the checks, and takes it along when this process is told to stop.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @typedef {{ file: string, args: string[] }} Command */

/** Long enough for the error at the end of an install, short enough to keep in memory. */
const TAIL_CHARACTERS = 20_000;

/**
 * Runs `command` and shows what it prints.
 *
 * Nothing is read from standard input: these commands also run where nobody sits at the keyboard.
 *
 * @param {Command} command
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, to?: NodeJS.WriteStream, quiet?: boolean }} options
 *   `to` is where its output goes, standard output and errors alike; without it the command writes by itself.
 *   `quiet` keeps the output back, for the caller to show if it matters.
 * @returns {Promise<{ code: number, output: string }>} `output` is the end of what was captured.
 */
export function run(command, { cwd, env = process.env, to, quiet = false }) {
  const captured = quiet || to !== undefined;
  const child = spawn(command.file, command.args, {
    cwd,
    env,
    stdio: ['ignore', captured ? 'pipe' : 'inherit', captured ? 'pipe' : 'inherit'],
    // npm and pnpm are .cmd files on Windows, which only a shell can start. No argument here needs quoting.
    shell: process.platform === 'win32' && command.file !== process.execPath,
  });

  let output = '';
  const capture = (chunk) => {
    output = (output + chunk).slice(-TAIL_CHARACTERS);
    if (!quiet) to?.write(chunk);
  };
  child.stdout?.setEncoding('utf8').on('data', capture);
  child.stderr?.setEncoding('utf8').on('data', capture);

  const passOn = (signal) => child.kill(signal);
  process.on('SIGINT', passOn).on('SIGTERM', passOn);

  return new Promise((resolve) => {
    const finish = (code) => {
      process.off('SIGINT', passOn).off('SIGTERM', passOn);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      output += error.message;
      finish(127);
    });
    child.on('close', (code, signal) => {
      if (signal === 'SIGINT' || signal === 'SIGTERM') process.exit(128 + constants.signals[signal]);
      finish(code ?? 1);
    });
  });
}
