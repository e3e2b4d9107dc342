import { expect, test } from 'vitest';
import { describeWith } from '../interop/installed.ts';
import { inOrder, MosquittoBroker, mosquittoServer } from '../interop/mosquitto-broker.ts';
import { crashBridge } from './crash-bridge.ts';
import { inFolder } from './in-folder.ts';
import { joinedRounds } from './joined-rounds.ts';
import { KillableBroker } from './killable-broker.ts';

const { CRASH_ROUNDS = '1', CRASH_SEED = '1' } = process.env;
const rounds = Number(CRASH_ROUNDS);
const seed = Number(CRASH_SEED);
const patience = 120_000 + rounds * 20_000;

describeWith([mosquittoServer], 'A bridge to Mosquitto', () => {
  test.each([5, 4] as const)(
    'loses and doubles nothing when its own broker is killed, in version %d',
    (version) =>
      inFolder(async (location) => {
        await using mosquitto = await MosquittoBroker.open(inOrder);
        const far = { port: mosquitto.ports.open, start: async () => {}, kill: async () => {} };
        await using near = new KillableBroker(location, 'written', crashBridge(far.port, version));
        await near.start();
        await near.until('crash', 'connected');
        const report = await joinedRounds({ brokers: [near, far], victims: [[near]], rounds, seed });
        expect(report.faults).toEqual([]);
        expect(report.kills).toBe(rounds);
      }),
    patience,
  );
});
