import type { RefusedEvent } from '@carillon/hooks';
import { type ConnectDraft, Laboratory, PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { type JwtAuthOptions, jwtAuth } from '../src/index.ts';
import { start } from './issuer.ts';

/** A broker under a clock turned by hand that lets in by tokens, and what it refused. */
export function gate(options: JwtAuthOptions) {
  // Signatures are checked by a thread, outside the laboratory.
  const laboratory = new Laboratory({ startAt: start * 1000, patience: 10_000 });
  const broker = createBroker({ ...laboratory.platform, systemTopicInterval: 0 });
  broker.use(jwtAuth(options));
  const refused: RefusedEvent[] = [];
  broker.use({ name: 'observer', hooks: { refused: (event) => void refused.push(event) } });

  /** A client that has said nothing yet. */
  const arrive = (draft: { protocolVersion?: 3 | 4 | 5 } = {}) =>
    PacketClient.connect(broker, { laboratory, ...draft });

  return {
    laboratory,
    broker,
    refused,
    arrive,
    /** A client that was let in with the token as its password. */
    enter: (token: string, draft: ConnectDraft = {}) =>
      laboratory.connect(broker, { clientId: 'c', password: Buffer.from(token), ...draft }),
    /** The answer to a CONNECT with the token as its password. */
    knock: (token: string, draft: ConnectDraft = {}) =>
      arrive().connectPacket({ clientId: 'c', password: Buffer.from(token), ...draft }),
  };
}
