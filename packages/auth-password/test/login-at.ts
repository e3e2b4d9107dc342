import type { RefusedEvent } from '@carillon/hooks';
import { Laboratory, PacketClient, type PayloadDraft } from '@carillon/testkit';
import { createBroker, type Plugin } from 'carillon';

/** A broker in memory that asks with that plugin, and what becomes of those who come. */
export function brokerWith(plugin: Plugin) {
  // A hash is computed by a thread, outside the laboratory: it may take real time.
  const laboratory = new Laboratory({ patience: 10_000 });
  const broker = createBroker(laboratory.platform);
  const refusals: RefusedEvent[] = [];
  broker.use(plugin);
  broker.use({ name: 'witness', hooks: { refused: (event) => void refusals.push(event) } });
  const login = async (username?: string, password?: PayloadDraft): Promise<number> => {
    const client = PacketClient.connect(broker, { laboratory });
    const said = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
    return (await client.connectPacket(said)).reasonCode;
  };
  return { laboratory, broker, refusals, login };
}
