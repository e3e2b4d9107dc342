import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passwordAuth, setPassword } from '@carillon/auth-password';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { type Appearance, versionName, versions } from './speaker.ts';
import { withEachSpeaker } from './speakers.ts';

let broker: InteropBroker;
const folder = mkdtempSync(join(tmpdir(), 'carillon-passwords-'));

beforeAll(async () => {
  broker = await openBroker();
  const file = join(folder, 'users.txt');
  await setPassword(file, 'älice', 'tick töck');
  broker.broker.use(passwordAuth({ file }));
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

withEachSpeaker((speaker) => {
  for (const door of ['tcp', 'tls'] as const) {
    for (const version of versions) {
      const appearance: Appearance = { door, version, username: 'älice', password: 'tick töck' };
      const name = `MQTT ${versionName(version)} over ${door}`;

      test(`${name}: the right password lets it in`, async () => {
        const heard: string[] = [];
        using _subscription = broker.broker.subscribe('greeting', (message) => {
          heard.push(message.text());
        });
        await speaker.publish(broker, appearance, { topic: 'greeting', payload: name, qos: 1 });
        expect(heard).toEqual([name]);
      });

      test(`${name}: a wrong password does not`, async () => {
        const before = broker.broker.counters().connectionsRefused;
        const stranger = { ...appearance, password: 'tock tick' };
        await expect(
          speaker.publish(broker, stranger, { topic: 'greeting', payload: 'x' }),
        ).rejects.toThrow();
        expect(broker.broker.counters().connectionsRefused).toBe(before + 1);
      });
    }
  }
});
