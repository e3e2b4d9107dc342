import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError } from '../command-error.ts';

/** What the password of an MQTT client can have, in bytes. */
const longest = 65_535;

/**
 * The password that somebody types, twice and unseen, or that is the line on standard input.
 *
 * @throws {CommandError} when there is none, or the two differ.
 */
export async function askForPassword(user: string): Promise<string> {
  const password = process.stdin.isTTY ? await askTwice(user) : await readLine(process.stdin);
  if (password === '') throw new CommandError('the password is empty');
  if (Buffer.byteLength(password) > longest) {
    throw new CommandError(`the password has more than ${longest} bytes: no client could send it`);
  }
  return password;
}

async function askTwice(user: string): Promise<string> {
  // The line editor of Node, with nobody to show its line to.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const editor = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    const first = await ask(editor, `Password for ${user}: `);
    const second = await ask(editor, 'Again: ');
    if (first !== second) throw new CommandError('the two passwords differ: nothing was changed');
    return first;
  } finally {
    editor.close();
  }
}

/** Standard error, so that standard output can be sent elsewhere. */
async function ask(editor: Interface, question: string): Promise<string> {
  process.stderr.write(question);
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  editor.once('SIGINT', stop).once('close', stop);
  try {
    return await editor.question('', { signal: stopped.signal });
  } catch (error) {
    throw new CommandError('stopped: nothing was changed', 1, error);
  } finally {
    editor.off('SIGINT', stop).off('close', stop);
    process.stderr.write('\n');
  }
}

async function readLine(input: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    // A line feed may follow, with a carriage return.
    if (length > longest + 2) break;
  }
  const text = utf8(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  if (text.includes('\n')) throw new CommandError('there is more than one line on standard input');
  return text;
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new CommandError('the password on standard input is not in UTF-8', 1, error);
  }
}
