import type { ByteChannel } from '@carillon/hooks';

/** What comes out of one goes into the other. */
export function joinChannels(one: ByteChannel, other: ByteChannel): void {
  const into = (target: ByteChannel) => ({
    received: (chunk: Uint8Array) => target.write([chunk]),
    drained: () => {},
    closed: () => target.end(),
  });
  one.open(into(other));
  other.open(into(one));
}
