import type { ByteChannel } from '@carillon/hooks';
import { type ChannelPairOptions, channelPair, Laboratory } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';

describe('a pair of channels in memory', () => {
  it('carries bytes in both directions, in order, when the laboratory settles', async () => {
    const { laboratory, client, server } = connected();
    client.channel.write([bytes('ab'), bytes('c')]);
    client.channel.write([bytes('de')]);
    server.channel.write([bytes('hello')]);
    expect(server.chunks).toEqual([]);
    await laboratory.settle();
    expect(server.chunks).toEqual(['abc', 'de']);
    expect(client.chunks).toEqual(['hello']);
  });

  it('does not call the receiver from inside open', async () => {
    const laboratory = new Laboratory();
    const [client, server] = channelPair(laboratory);
    client.write([bytes('early')]);
    await laboratory.settle();
    const end = listen(server);
    expect(end.chunks).toEqual([]);
    await laboratory.settle();
    expect(end.chunks).toEqual(['early']);
  });

  it.each([
    [1, ['a', 'b', 'c', 'd', 'e']],
    [2, ['ab', 'c', 'de']],
    ['merged' as const, ['abcde']],
  ])('cuts chunks by %s', async (cut, expected) => {
    const { laboratory, client, server } = connected({ cut });
    client.channel.write([bytes('abc')]);
    client.channel.write([bytes('de')]);
    await laboratory.settle();
    expect(server.chunks).toEqual(expected);
  });

  it('cuts chunks at random places, the same for the same seed', async () => {
    const run = async (seed: number) => {
      const { laboratory, client, server } = connected({ cut: 'random' }, seed);
      client.channel.write([bytes('x'.repeat(1000))]);
      await laboratory.settle();
      return server.chunks.map((chunk) => chunk.length);
    };
    const lengths = await run(7);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(1000);
    expect(lengths.length).toBeGreaterThan(2);
    expect(await run(7)).toEqual(lengths);
    expect(await run(8)).not.toEqual(lengths);
  });

  it('keeps with the sender what a slow reader leaves, and tells when all of it is taken', async () => {
    const { laboratory, client, server } = connected({ toClient: { capacity: 4 } });
    client.channel.pause();
    server.channel.write([bytes('0123456789')]);
    await laboratory.settle();
    expect(client.chunks).toEqual([]);
    expect(server.channel.unsentBytes).toBe(6);
    client.channel.resume();
    await laboratory.settle();
    expect(client.chunks.join('')).toBe('0123456789');
    expect(server.channel.unsentBytes).toBe(0);
    expect(server.drained).toBe(1);
  });

  it('does not tell of drained where nothing was kept waiting', async () => {
    const { laboratory, client, server } = connected();
    server.channel.write([bytes('abc')]);
    expect(server.channel.unsentBytes).toBe(0);
    await laboratory.settle();
    expect([server.drained, client.chunks]).toEqual([0, ['abc']]);
  });

  it('copies what gets under way: the receiver never sees a later change', async () => {
    const { laboratory, client, server } = connected();
    const sent = bytes('abc');
    client.channel.write([sent]);
    sent.fill(0);
    await laboratory.settle();
    expect(server.chunks).toEqual(['abc']);
  });

  it('delays bytes and the end of the connection by its latency', async () => {
    const { laboratory, client, server } = connected({ latency: 40 });
    client.channel.write([bytes('abc')]);
    client.channel.end();
    await laboratory.advance(39);
    expect([server.chunks, server.closed]).toEqual([[], undefined]);
    await laboratory.advance(1);
    expect([server.chunks, server.closed]).toEqual([['abc'], 'in order']);
    expect(client.closed).toBeUndefined();
    await laboratory.advance(40);
    expect(client.closed).toBe('in order');
  });

  it('sends what was written before it ends, and nothing afterwards', async () => {
    const { laboratory, client, server } = connected({ capacity: 2 });
    client.channel.write([bytes('abcdef')]);
    client.channel.end();
    client.channel.write([bytes('too late')]);
    await laboratory.settle();
    expect(server.chunks.join('')).toBe('abcdef');
    expect([client.closed, server.closed]).toEqual(['in order', 'in order']);
  });

  it('still receives after its own end what the other had written', async () => {
    const { laboratory, client, server } = connected();
    server.channel.write([bytes('farewell')]);
    client.channel.end();
    await laboratory.settle();
    expect(client.chunks).toEqual(['farewell']);
  });

  it('loses what was not sent when it is destroyed', async () => {
    const { laboratory, client, server } = connected({ capacity: 2 });
    client.channel.write([bytes('abcdef')]);
    client.channel.destroy();
    expect(client.closed).toBeUndefined();
    await laboratory.settle();
    expect(server.chunks.join('')).toBe('ab');
    expect([client.closed, server.closed]).toEqual(['in order', 'in order']);
  });

  it('tells the other end of a reset by an error', async () => {
    const { laboratory, client, server } = connected();
    client.channel.reset();
    await laboratory.settle();
    expect([client.closed, server.closed]).toEqual(['in order', 'read ECONNRESET']);
  });

  it('fails whoever writes to an end that is gone, even if it does not read', async () => {
    const { laboratory, client, server } = connected();
    server.channel.pause();
    client.channel.destroy();
    await laboratory.settle();
    expect(server.closed).toBeUndefined();
    server.channel.write([bytes('is anybody there?')]);
    await laboratory.settle();
    expect(server.closed).toBe('read ECONNRESET');
  });

  it('tells nobody when an end vanishes; what is written piles up', async () => {
    const { laboratory, client, server } = connected({ capacity: 4 });
    client.channel.vanish();
    server.channel.write([bytes('0123456789')]);
    client.channel.write([bytes('x')]);
    client.channel.end();
    await laboratory.advance(3_600_000);
    expect([server.chunks, server.closed, client.chunks, client.closed]).toEqual([
      [],
      undefined,
      [],
      undefined,
    ]);
    expect(server.channel.unsentBytes).toBe(6);
    server.channel.destroy();
    await laboratory.settle();
    expect(server.closed).toBe('in order');
  });

  it('breaks after the number of bytes that was asked for', async () => {
    const { laboratory, client, server } = connected({ toServer: { breakAfterBytes: 4 } });
    client.channel.write([bytes('abc')]);
    client.channel.write([bytes('defg')]);
    await laboratory.settle();
    expect(server.chunks).toEqual(['abc', 'd']);
    expect([client.closed, server.closed]).toEqual(['read ECONNRESET', 'read ECONNRESET']);
  });

  it('tells of the end once', async () => {
    const { laboratory, client, server } = connected();
    client.channel.end();
    client.channel.destroy();
    server.channel.destroy();
    server.channel.destroy();
    await laboratory.settle();
    expect([client.closedCalls, server.closedCalls]).toEqual([1, 1]);
  });
});

function connected(options: ChannelPairOptions = {}, seed = 1) {
  const laboratory = new Laboratory({ seed });
  const [client, server] = channelPair(laboratory, options);
  return { laboratory, client: listen(client), server: listen(server) };
}

function listen<Channel extends ByteChannel>(channel: Channel) {
  const end = {
    channel,
    chunks: [] as string[],
    drained: 0,
    closed: undefined as string | undefined,
    closedCalls: 0,
  };
  channel.open({
    received: (chunk) => void end.chunks.push(new TextDecoder().decode(chunk)),
    drained: () => void end.drained++,
    closed(error) {
      end.closed = error?.message ?? 'in order';
      end.closedCalls++;
    },
  });
  return end;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
