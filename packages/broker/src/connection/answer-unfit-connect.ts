import type { ProtocolError } from '@carillon/protocol';
import type { Connection } from './connection.ts';

/** CONNACK 0x01 as MQTT 3.1.1 has it. [MQTT-3.1.2-2] */
const unacceptableVersion = new Uint8Array([0x20, 0x02, 0x00, 0x01]);

/**
 * Answers a CONNECT that cannot be read. An unknown level gets the form of the version next to it: MQTT 5.0
 * above 5, MQTT 3.1.1 below. A CONNECT of MQTT 5.0 may be told what is wrong, one of MQTT 3 may not.
 */
export function answerUnfitConnect(connection: Connection, fault: ProtocolError): void {
  const unknown = fault.unsupportedVersion;
  if (unknown === undefined) {
    if (connection.protocolVersion === 5 && fault.rule !== 'MQTT-3.1.0-1') sendConnack(connection, fault);
    return;
  }
  const { protocolName, protocolLevel = 0 } = unknown;
  if (protocolName === 'MQTT' && protocolLevel > 5) sendConnack(connection, fault);
  else if (protocolName === 'MQTT' || protocolName === 'MQIsdp') connection.sendBytes(unacceptableVersion);
}

function sendConnack(connection: Connection, { reasonCode, message }: ProtocolError): void {
  connection.terms = { ...connection.terms, version: 5 };
  connection.send({
    type: 'connack',
    sessionPresent: false,
    reasonCode,
    properties: { reasonString: message },
  });
}
