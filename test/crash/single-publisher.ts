import type { MqttClient } from 'mqtt';
import { PublisherLedger } from './ledger.ts';
import { persistentClient } from './traffic.ts';

/** Publishes one message at a time, when it is told to. */
export class SinglePublisher {
  readonly ledger: PublisherLedger;
  readonly #client: MqttClient;

  constructor(port: number, name: string, qos: 1 | 2) {
    this.ledger = new PublisherLedger(name, qos);
    this.#client = persistentClient(port, name);
  }

  /** Settles when it is acknowledged. All numbers are of one length, and so are all exchanges. */
  async publish(): Promise<void> {
    const { ledger } = this;
    const number = 100_000 + ledger.sent++;
    await this.#client.publishAsync(`crash/${ledger.name}`, String(number), { qos: ledger.qos });
    ledger.acknowledged.add(number);
  }

  end(): Promise<void> {
    return this.#client.endAsync(true);
  }
}
