import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueueSummary, StoredRecord } from '@carillon/persistence';
import { Damage } from './damage.ts';
import { sourceAt, withStores } from './open-store-at.ts';

interface Statistics {
  sessions: number;
  connected: number;
  subscriptions: number;
  shared: number;
  inboundIds: number;
  wills: number;
  retained: number;
  retainedBytes: number;
  queued: number;
  queuedBytes: number;
  readonly deepest: { readonly clientId: string; readonly queue: QueueSummary }[];
}

const deepestShown = 5;

/** Prints how much of what is in a store. */
export async function printStatistics(place: string): Promise<number> {
  const damage = new Damage();
  const { store } = await sourceAt(place, damage.tell);
  const statistics = newStatistics();
  await withStores([store], async () => {
    for await (const record of store.load()) count(statistics, record);
  });
  process.stdout.write(`${linesOf(statistics, await sizeOnDisk(place)).join('\n')}\n`);
  return damage.sum();
}

function newStatistics(): Statistics {
  return {
    sessions: 0,
    connected: 0,
    subscriptions: 0,
    shared: 0,
    inboundIds: 0,
    wills: 0,
    retained: 0,
    retainedBytes: 0,
    queued: 0,
    queuedBytes: 0,
    deepest: [],
  };
}

function count(statistics: Statistics, record: StoredRecord): void {
  switch (record.kind) {
    case 'session':
      statistics.sessions++;
      if (record.session.disconnectedAt === undefined) statistics.connected++;
      countQueue(statistics, record.session.clientId, record.queue);
      return;
    case 'subscription':
      statistics.subscriptions++;
      if (record.subscription.shareName !== undefined) statistics.shared++;
      return;
    case 'inboundId':
      statistics.inboundIds++;
      return;
    case 'will':
      statistics.wills++;
      return;
    case 'retained':
      statistics.retained++;
      statistics.retainedBytes += record.message.topic.length + record.message.payload.length;
      return;
  }
}

function countQueue(statistics: Statistics, clientId: string, queue: QueueSummary): void {
  statistics.queued += queue.length;
  statistics.queuedBytes += queue.bytes;
  const { deepest } = statistics;
  if (queue.length === 0) return;
  if (deepest.length === deepestShown && queue.length <= (deepest.at(-1)?.queue.length ?? 0)) return;
  deepest.push({ clientId, queue });
  deepest.sort((a, b) => b.queue.length - a.queue.length).splice(deepestShown);
}

function linesOf(statistics: Statistics, size: number | undefined): string[] {
  const { sessions, connected, subscriptions, shared, inboundIds, wills, retained } = statistics;
  return [
    ...(size === undefined ? [] : [`on disk: ${size} bytes`]),
    `sessions: ${sessions} (${connected} connected when the broker ended)`,
    `subscriptions: ${subscriptions} (${shared} shared)`,
    `queued messages: ${statistics.queued} (${statistics.queuedBytes} bytes)`,
    `retained messages: ${retained} (${statistics.retainedBytes} bytes)`,
    `inbound packet identifiers: ${inboundIds}`,
    `Wills: ${wills}`,
    ...statistics.deepest.map(
      ({ clientId, queue }) => `queue of ${clientId}: ${queue.length} (${queue.bytes} bytes)`,
    ),
  ];
}

async function sizeOnDisk(folder: string): Promise<number | undefined> {
  if (!(await stat(folder)).isDirectory()) return undefined;
  let size = 0;
  for (const name of await readdir(folder)) size += (await stat(join(folder, name))).size;
  return size;
}
