import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hookKinds } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { root } from '../architecture/workspace.ts';
import { interfaceNamed, interfacesOf } from './documented-members.ts';
import { cell, table, withGenerated } from './pages.ts';

const source = 'packages/hooks/src/hook-table.ts';
const path = join(root, 'docs', 'hooks.md');
const hooks = interfaceNamed(source, 'HookTable').members;

test('the table of hooks in docs/hooks.md is the one in the source (`pnpm docs:hooks` writes it anew)', async () => {
  const text = withGenerated(readFileSync(path, 'utf8'), 'hooks', hookRows());
  await expect(withGenerated(text, 'events', eventTables())).toMatchFileSnapshot(path);
});

test('every hook has a kind and a sentence', () => {
  expect(hooks.map(({ name }) => name)).toEqual(Object.keys(hookKinds));
  expect(hooks.filter(({ says }) => says === '').map(({ name }) => name)).toEqual([]);
});

function hookRows(): string {
  const kinds = new Map<string, string>(Object.entries(hookKinds));
  return table(
    ['hook', 'kind', 'given', 'what it says'],
    hooks.map(({ name, parameter = '', says }) => [
      `\`${name}\``,
      kindInWords(kinds.get(name) ?? ''),
      `[\`${parameter}\`](#${parameter.toLowerCase()})`,
      cell(says),
    ]),
  );
}

/** `decideSync` → `decide, sync`. */
function kindInWords(kind: string): string {
  return kind.replace('Sync', ', sync');
}

function eventTables(): string {
  return interfacesOf(source)
    .filter(({ name }) => name.endsWith('Event') || name.endsWith('Changes') || name === 'ShareMember')
    .map(({ name, extends: wider, members, says }) => {
      const inherited = wider.map((one) => `Also all of [\`${one}\`](#${one.toLowerCase()}).`);
      const rows = members.map((member) => [
        `\`${member.name}\``,
        `\`${member.type.replaceAll('|', '\\|')}\``,
        cell(member.says),
      ]);
      const fields = rows.length === 0 ? [] : [table(['field', 'type', ''], rows)];
      return [`### ${name}`, ...[...(says === '' ? [] : [says]), ...inherited, ...fields]].join('\n\n');
    })
    .join('\n\n');
}
