import type { ByteChannel } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { brokerUnderTest } from '../broker-under-test.ts';

/** A channel that writes down when reading stops and goes on. */
function recorded(log: string[]) {
  return (channel: ByteChannel): ByteChannel => ({
    open: (receiver) => channel.open(receiver),
    write: (pieces) => channel.write(pieces),
    get unsentBytes() {
      return channel.unsentBytes;
    },
    pause() {
      log.push('pause');
      channel.pause();
    },
    resume() {
      log.push('resume');
      channel.resume();
    },
    end: () => channel.end(),
    destroy: () => channel.destroy(),
  });
}

const kilobytes20 = 'x'.repeat(20_000);

test('who has sent 64 KB is read on from in the next turn, when the others have been heard', async () => {
  const { connect, broker } = brokerUnderTest();
  const log: string[] = [];
  broker.subscribe('flood', () => void log.push('message'));
  const flooder = await connect({}, { wrap: recorded(log) });
  for (let i = 0; i < 8; i++) await flooder.publish('flood', kilobytes20);
  expect(log.filter((entry) => entry === 'message')).toHaveLength(8);
  expect(log.filter((entry) => entry !== 'message')).toEqual(['pause', 'resume', 'pause', 'resume']);
});

test('who sends one large message is read on from until 256 KB of it have come', async () => {
  const { connect, broker } = brokerUnderTest();
  const log: string[] = [];
  broker.subscribe('large', () => void log.push('message'));
  const way = { channel: { cut: 65_536, capacity: 10_000_000 } };
  const send = async (bytes: number): Promise<void> => {
    const sender = await connect({}, { ...way, wrap: recorded(log) });
    log.length = 0;
    await sender.publish('large', new Uint8Array(bytes));
  };
  await send(200_000);
  expect(log).toEqual(['message']);
  await send(600_000);
  expect(log).toEqual(['pause', 'resume', 'pause', 'resume', 'message']);
});

test('a break is over when it is over, though a hook holds up the connection meanwhile', async () => {
  const { connect, broker } = brokerUnderTest(
    { limits: { maximumWaitingPackets: 1 } },
    {
      authorizePublish: async () => {
        await undefined;
        return true;
      },
    },
  );
  let arrived = 0;
  broker.subscribe('flood', () => void arrived++);
  const flooder = await connect();
  for (let i = 0; i < 12; i++) await flooder.publish('flood', kilobytes20);
  expect(arrived).toBe(12);
  await flooder.ping();
});
