import { EngineBroker, type EngineOptions } from '@carillon/broker';
import { Laboratory, type PacketClient } from '@carillon/testkit';
import { expect } from 'vitest';

/** A broker in a laboratory, and two clients that go on with their work whatever others do to it. */
export class HealthyPair {
  readonly laboratory: Laboratory;
  readonly broker: EngineBroker;
  readonly #clients: readonly [PacketClient, PacketClient];
  #sent = 0;

  private constructor(
    laboratory: Laboratory,
    broker: EngineBroker,
    clients: readonly [PacketClient, PacketClient],
  ) {
    this.laboratory = laboratory;
    this.broker = broker;
    this.#clients = clients;
  }

  static async begin(options: EngineOptions = {}): Promise<HealthyPair> {
    const laboratory = new Laboratory();
    const broker = new EngineBroker({ logger: laboratory.logger, ...options }, laboratory.platform);
    const romeo = await laboratory.connect(broker, { clientId: 'healthy-romeo', protocolVersion: 5 });
    const juliet = await laboratory.connect(broker, { clientId: 'healthy-juliet', protocolVersion: 4 });
    await romeo.subscribe('healthy/from/juliet', { qos: 2 });
    await juliet.subscribe('healthy/from/romeo', { qos: 2 });
    return new HealthyPair(laboratory, broker, [romeo, juliet]);
  }

  /** One message in each direction at each QoS, each of which has to arrive, once. */
  async exchange(): Promise<void> {
    const [romeo, juliet] = this.#clients;
    for (const qos of [0, 1, 2] as const) {
      await passOn(romeo, juliet, 'healthy/from/romeo', qos, `${++this.#sent}`);
      await passOn(juliet, romeo, 'healthy/from/juliet', qos, `${++this.#sent}`);
    }
  }

  /** Both are well, nothing was lost or sent twice, and the broker blames itself for nothing. */
  async end(): Promise<void> {
    await this.exchange();
    for (const client of this.#clients) {
      await client.ping();
      await client.expectNothing();
    }
    expect(this.laboratory.logger.messages('error')).toEqual([]);
  }
}

async function passOn(from: PacketClient, to: PacketClient, topic: string, qos: 0 | 1 | 2, text: string) {
  const answer = await from.publish(topic, text, { qos });
  if (answer !== undefined) expect(answer.reasonCode).toBe(0);
  expect(await to.receiveMessage()).toMatchObject({ topic, text, qos });
}
