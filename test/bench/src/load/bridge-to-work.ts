import { Client } from './client.ts';
import { publishTemplate, STAMP_BYTES } from './frames.ts';
import { pause } from './interval.ts';
import type { Address } from './transport.ts';

const TOPIC = 'bench/is-there-a-bridge';

/** Settles when what is said at `near` is heard at `far`. */
export async function bridgeToWork(near: Address, far: Address): Promise<void> {
  let isHeard = false;
  const listener = await Client.open(far, connectOptions('listener'), {
    publish: () => {
      isHeard = true;
    },
    acknowledged: () => {},
    chunkDone: () => {},
    lost: () => {},
  });
  await listener.subscribe([TOPIC], 0);
  const caller = await Client.open(near, connectOptions('caller'));
  const { bytes } = publishTemplate({ version: 4, qos: 0, topic: TOPIC, payloadBytes: STAMP_BYTES });
  for (let attempt = 0; !isHeard; attempt++) {
    if (attempt === 500) throw new Error('the bridge does not work after ten seconds');
    caller.write(bytes);
    await pause(0.02);
  }
  await Promise.all([caller.leave(), listener.leave()]);
}

function connectOptions(name: string) {
  return { version: 4, clientId: `${process.pid}-${name}`, clean: true } as const;
}
