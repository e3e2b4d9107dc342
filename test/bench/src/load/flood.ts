// The bad neighbours, in a process of their own so that the well-behaved are timed undisturbed: publishers that never
// stop, and subscribers to all of it that stop reading after the first bytes.
import { Client } from './client.ts';
import { publishTemplate } from './frames.ts';
import { OutgoingFrames } from './outgoing-frames.ts';
import type { Address } from './transport.ts';

const BURST = 64;

process.once('disconnect', () => process.exit());
process.once('message', (address: Address) => {
  flood(address).then(
    () => process.send?.('flooding'),
    (error: Error) => process.send?.(error.message),
  );
});

async function flood(address: Address): Promise<void> {
  for (const qos of [0, 1] as const) {
    const stuck = await Client.open(address, { version: 4, clientId: `stuck${qos}`, clean: true });
    await stuck.subscribe(['flood/+'], qos);
    stuck.stopReading();
    const publisher = await Client.open(address, { version: 4, clientId: `flood${qos}`, clean: true });
    const message = { version: 4, qos, topic: `flood/${qos}`, payloadBytes: 1024 } as const;
    const frames = new OutgoingFrames(publisher, qos, publishTemplate(message), BURST);
    // As fast as the broker reads, and not a message slower.
    const push = (): void => {
      if (publisher.isFlushed()) frames.send(BURST);
      setImmediate(push);
    };
    push();
  }
}
