import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultLimits, limitRanges, settleOptions } from '@carillon/broker';
import { expect, test } from 'vitest';
import { root } from '../architecture/workspace.ts';
import { type DocumentedMember, interfaceNamed, typeAliasesOf } from './documented-members.ts';
import { cell, table, withGenerated } from './pages.ts';

const path = join(root, 'docs', 'options.md');
const engineOptions = 'packages/broker/src/options/engine-options.ts';
const listenOptions = 'packages/listeners/src/listen-options.ts';

const limits = interfaceNamed(engineOptions, 'Limits').members;
const options = interfaceNamed(engineOptions, 'EngineOptions').members;

const aliases = typeAliasesOf(engineOptions);

const listening: readonly (readonly [file: string, name: string])[] = [
  [listenOptions, 'TcpListenOptions'],
  [listenOptions, 'UnixListenOptions'],
  [listenOptions, 'CommonListenOptions'],
  [listenOptions, 'ConnectionOptions'],
  [listenOptions, 'ProxyProtocolOptions'],
  ['packages/listeners/src/tls-options.ts', 'TlsOptions'],
  ['packages/listeners/src/tls-options.ts', 'TlsCertificates'],
  ['packages/listeners/src/tls-options.ts', 'TlsIdentity'],
  ['packages/listeners/src/websocket-options.ts', 'WebSocketOptions'],
];

const httpBridge = 'packages/bridge-http/src/options.ts';
const webhookOptions = 'packages/bridge-http/src/webhooks/webhook-options.ts';

test('docs/options.md says what the sources say (`pnpm docs:options` writes it anew)', async () => {
  const parts = {
    options: optionRows(),
    limits: limitRows(),
    listening: listeningTables(),
    http: tablesOf(httpBridge, 'HttpBridgeOptions', 'CorsOptions', 'HttpLimits'),
    webhooks: tablesOf(
      webhookOptions,
      'WebhooksOptions',
      'WebhookOptions',
      'WebhookBackOff',
      'WebhookTlsOptions',
    ),
  };
  const text = Object.entries(parts).reduce(
    (page, [part, contents]) => withGenerated(page, part, contents),
    readFileSync(path, 'utf8'),
  );
  await expect(text).toMatchFileSnapshot(path);
});

test('every option and every limit is described', () => {
  const nameless = [...options, ...limits].filter(({ says }) => says === '').map(({ name }) => name);
  expect(nameless).toEqual([]);
});

test('the default that a comment names is the one in force', () => {
  const real = new Map<string, unknown>(Object.entries({ ...settleOptions({}), ...defaultLimits }));
  const named = [...options, ...limits].flatMap(({ name, says }) => {
    const value = /Default `?(true|false|0x[0-9A-F]+|[\d,]*\d|[a-z-]+(?=`))/.exec(says)?.[1];
    return value === undefined ? [] : [[name, value.replaceAll(',', '')] as const];
  });
  expect(named.length).toBeGreaterThan(25);
  const wrong = named.filter(([name, value]) => {
    const actual = real.get(name);
    return typeof actual === 'number' ? Number(value) !== actual : value !== String(actual);
  });
  expect(wrong).toEqual([]);
});

function optionRows(): string {
  const settled = new Map<string, unknown>(Object.entries(settleOptions({})));
  const rows = options
    .filter(({ name }) => name !== 'limits')
    .map(({ name, says, type }) => [
      `\`${name}\``,
      shownType(aliases.get(type) ?? type),
      shownDefault(settled.get(name)),
      cell(withoutDefault(says)),
    ]);
  return table(['option', 'type', 'default', 'what it says'], rows);
}

function limitRows(): string {
  const defaults = new Map(Object.entries(defaultLimits));
  const ranges = new Map(Object.entries(limitRanges));
  const rows = limits.map(({ name, says }) => {
    const [least = 0, most = 0] = ranges.get(name) ?? [];
    const range = `${least.toLocaleString('en')} to ${most.toLocaleString('en')}`;
    return [`\`${name}\``, (defaults.get(name) ?? 0).toLocaleString('en'), range, cell(withoutDefault(says))];
  });
  return table(['limit', 'default', 'may be', 'what it says'], rows);
}

function listeningTables(): string {
  return listening
    .map(([file, name]) => {
      const { extends: wider, members, says } = interfaceNamed(file, name);
      const inherited = wider.map((one) => `Also all of [\`${one}\`](#${one.toLowerCase()}).`);
      const rows = members.filter(({ type }) => type !== 'never').map(listeningRow);
      return [`### ${name}`, says, ...inherited, table(['option', 'type', 'what it says'], rows)].join(
        '\n\n',
      );
    })
    .join('\n\n');
}

function tablesOf(file: string, ...names: readonly string[]): string {
  return names
    .map((name) => {
      const { members, says } = interfaceNamed(file, name);
      const rows = table(['option', 'type', 'what it says'], members.map(listeningRow));
      return [`### ${name}`, says, rows].join('\n\n');
    })
    .join('\n\n');
}

function listeningRow({ name, type, says }: DocumentedMember): string[] {
  return [`\`${name}\``, shownType(type), cell(says)];
}

function shownType(type: string): string {
  return `\`${type.replaceAll('|', '\\|')}\``;
}

function shownDefault(value: unknown): string {
  return value === undefined || value === 'carillon' ? '' : `\`${JSON.stringify(value)}\``;
}

/** Where the column says the default, the sentence need not; one that says more stays. */
function withoutDefault(says: string): string {
  return says.replace(/\s*Default (`[a-z-]+`|true|false|[\d,]*\d)\.(?=\s|$)/, '');
}
