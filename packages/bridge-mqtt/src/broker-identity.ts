import type { Broker, PluginPlatform, RandomSource } from '@carillon/hooks';
import { BridgeError } from './bridge-error.ts';
import { whenRunning } from './local-session.ts';
import { isBrokerId } from './path.ts';

/** Where the name that was made up is kept: no filter that begins with a wildcard matches it. */
const topic = '$bridge/id';

/** How this broker is called among those that are joined: the same after a restart, as long as its store is. */
export class BrokerIdentity {
  readonly #broker: Broker;
  readonly #platform: PluginPlatform;
  readonly #given: string | undefined;
  #known: Promise<string> | undefined = undefined;

  constructor(broker: Broker, platform: PluginPlatform, given: string | undefined) {
    this.#broker = broker;
    this.#platform = platform;
    this.#given = given;
  }

  /** Known when the broker runs. */
  id(): Promise<string> {
    this.#known ??= this.#find().catch((error: unknown) => {
      // Asked again, it is looked for again.
      this.#known = undefined;
      throw error;
    });
    return this.#known;
  }

  async #find(): Promise<string> {
    await whenRunning(this.#broker);
    if (this.#given !== undefined) return this.#given;
    const kept = this.#broker.retained(topic);
    const known = kept === undefined ? '' : new TextDecoder().decode(kept.payload);
    if (isBrokerId(known)) return known;
    const id = randomName(this.#platform.random);
    await this.#broker.publish(topic, id, { qos: 1, retain: true });
    return id;
  }
}

/** Twelve characters that nobody else has. */
export function randomName(random: RandomSource): string {
  const bytes = new Uint8Array(6);
  random(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @throws {BridgeError} `BRIDGE_OPTION_INVALID` */
export function checkBrokerId(id: string | undefined): void {
  if (id === undefined || (isBrokerId(id) && id.length <= 64)) return;
  const right = 'up to 64 letters, digits, "_", "-", ".", ":" and "@"';
  throw new BridgeError(
    'BRIDGE_OPTION_INVALID',
    `bridge option: brokerId is ${JSON.stringify(id)}; it has to be ${right}`,
  );
}
