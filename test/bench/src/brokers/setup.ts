// What a broker's process is told when it starts, and what it tells.
import { readFileSync } from 'node:fs';

/** As a scenario wants the broker to be. */
export interface BrokerSetup {
  readonly over: 'tcp' | 'tls' | 'websocket';
  /** With `tls`: files of PEM. */
  readonly identity?: { readonly certificateFile: string; readonly keyFile: string };
  /** A store on disk; absent, everything is in memory. */
  readonly store?: { readonly folder: string; readonly durability: 'written' | 'synced' };
  /** Asked for each PUBLISH: answers at once, by a promise that is kept already, or in the next turn. */
  readonly authorize?: 'plain' | 'promise' | 'next turn';
  /** So many access rules of `auth-acl`, of which the last allows everything. */
  readonly rules?: number;
  /** A bridge to the broker on that port, which takes the topics of the load there. */
  readonly bridge?: { readonly port: number; readonly qos: 0 | 1 | 2 };
  /** Limits as they are out of the box, rather than lifted so far that no load meets them. */
  readonly defaultLimits?: boolean;
}

/** The first words of a broker's process. */
export interface Listening {
  readonly port: number;
}

export function readSetup(): BrokerSetup {
  const setup: BrokerSetup = JSON.parse(process.argv[2] ?? '{}');
  return setup;
}

export function tlsOf({ over, identity }: BrokerSetup): { cert: Buffer; key: Buffer } | undefined {
  if (over !== 'tls' || identity === undefined) return undefined;
  return { cert: readFileSync(identity.certificateFile), key: readFileSync(identity.keyFile) };
}

/** Says where the broker listens; from then on does what the parent asks, and goes when the parent is gone. */
export function report(port: number): void {
  process.once('disconnect', () => process.exit());
  // Twice: what the first collection lets go of is freed by the second.
  process.on('message', () => {
    globalThis.gc?.();
    globalThis.gc?.();
    process.send?.('collected');
  });
  const listening: Listening = { port };
  process.send?.(listening);
}
