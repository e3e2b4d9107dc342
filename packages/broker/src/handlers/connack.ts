import type { EnhancedGrant, Grant } from '@carillon/hooks';
import type { ConnackProperties, ConnectPacket } from '@carillon/protocol';
import type { ConnectedClient } from '../connection/connected-client.ts';
import type { Engine } from '../engine.ts';
import { refusedBy } from './connect-refused.ts';
import type { Negotiated } from './negotiate-terms.ts';

/** What a CONNACK has to say besides its reason code; nothing before MQTT 5.0. */
export function connackProperties(
  engine: Engine,
  connect: ConnectPacket,
  { clientId, wasAssigned }: { clientId: string; wasAssigned: boolean },
  grant: Grant | EnhancedGrant,
  { announced }: Negotiated,
): ConnackProperties {
  if (connect.protocolVersion !== 5) return {};
  const { authenticationMethod, requestResponseInformation } = connect.properties;
  const responseInformation =
    requestResponseInformation === 1
      ? (grant.responseInformation ?? engine.options.responseInformation?.(clientId))
      : undefined;
  const data = 'data' in grant ? grant.data : undefined;
  return {
    ...announced,
    ...(wasAssigned ? { assignedClientIdentifier: clientId } : {}),
    ...(responseInformation === undefined ? {} : { responseInformation }),
    ...(grant.reasonString === undefined ? {} : { reasonString: grant.reasonString }),
    ...(grant.userProperties === undefined ? {} : { userProperties: grant.userProperties }),
    ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
    ...(data === undefined ? {} : { authenticationData: data }),
  };
}

/** The same after `rewriteConnack`, which is asked before anything is done for the client. */
export async function rewriteConnack(
  engine: Engine,
  client: ConnectedClient,
  sessionPresent: boolean,
  properties: ConnackProperties,
): Promise<ConnackProperties> {
  const rewrite = engine.hooks.slots.rewriteConnack;
  if (rewrite === null) return properties;
  const rewritten = await rewrite({ client, sessionPresent, properties });
  if (!rewritten.ok) throw refusedBy(rewritten.refusal, 'CONNACK could not be rewritten');
  const { responseInformation, ...others } = rewritten.value;
  const mayBeTold = client.connect.properties.requestResponseInformation === 1;
  // [MQTT-3.1.2-28]
  return responseInformation === undefined || !mayBeTold ? others : rewritten.value;
}
