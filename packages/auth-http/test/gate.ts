import type { RefusedEvent, Remote } from '@carillon/hooks';
import { type ConnectDraft, Laboratory, PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { type HttpAuthOptions, httpAuth } from '../src/index.ts';
import type { Service } from './service.ts';

/** A broker under a clock turned by hand that asks a service over real sockets, and what it refused. */
export function gate(service: Service | string, options: Partial<HttpAuthOptions> = {}) {
  const laboratory = new Laboratory({ startAt: 1_800_000_000_000, patience: 10_000 });
  const broker = createBroker({ ...laboratory.platform, systemTopicInterval: 0 });
  const url = typeof service === 'string' ? service : service.url;
  const registration = broker.use(httpAuth({ url, ...options }));
  const refused: RefusedEvent[] = [];
  broker.use({ name: 'observer', hooks: { refused: (event) => void refused.push(event) } });
  let clients = 0;
  const arrive = (remote: Partial<Remote> = {}) =>
    PacketClient.connect(broker, { laboratory, remote: { transport: 'tcp', encrypted: false, ...remote } });
  return {
    laboratory,
    broker,
    registration,
    refused,
    arrive,
    enter: (draft: ConnectDraft = {}) => laboratory.connect(broker, { clientId: `c${++clients}`, ...draft }),
    /** The answer to a CONNECT. */
    knock: (draft: ConnectDraft = {}, remote: Partial<Remote> = {}) =>
      arrive(remote).connectPacket({ clientId: `c${++clients}`, ...draft }),
  };
}
