import type { MessageProperties, UserProperty } from '@carillon/protocol';
import { bufferOf, bytesOf } from './aedes-packet.ts';
import type { ObjectFields } from './object-fields.ts';

/** A message's properties as mqtt-packet has them, for Aedes to find. */
export function writeAedesProperties(properties: MessageProperties): Record<string, unknown> {
  const { payloadFormatIndicator, correlationData, userProperties, ...same } = properties;
  return {
    ...same,
    ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator: payloadFormatIndicator === 1 }),
    ...(correlationData === undefined ? {} : { correlationData: bufferOf(correlationData) }),
    ...(userProperties === undefined ? {} : { userProperties: groupByName(userProperties) }),
  };
}

/** The properties that Aedes wrote. Order between user properties of different names is lost there. */
export function readAedesProperties(fields: ObjectFields | undefined): MessageProperties {
  const properties: MessageProperties = {};
  if (fields === undefined) return properties;
  if (fields.has('payloadFormatIndicator')) {
    properties.payloadFormatIndicator = fields.flag('payloadFormatIndicator') ? 1 : 0;
  }
  if (fields.has('messageExpiryInterval')) {
    properties.messageExpiryInterval = fields.number('messageExpiryInterval');
  }
  if (fields.has('contentType')) properties.contentType = fields.text('contentType');
  if (fields.has('responseTopic')) properties.responseTopic = fields.text('responseTopic');
  if (fields.has('correlationData')) properties.correlationData = bytesOf(fields.get('correlationData'));
  if (fields.has('userProperties')) {
    properties.userProperties = ungroup(fields.get('userProperties'));
  }
  return properties;
}

/** A name that repeats has a list of values. */
function groupByName(pairs: readonly UserProperty[]): Record<string, string | string[]> {
  const grouped = new Map<string, string[]>();
  for (const [name, value] of pairs) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  return Object.fromEntries(
    Array.from(grouped, ([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

function ungroup(grouped: unknown): UserProperty[] {
  if (typeof grouped !== 'object' || grouped === null) return [];
  return Object.entries(grouped).flatMap(([name, values]): UserProperty[] => {
    const list: unknown[] = Array.isArray(values) ? values : [values];
    return list.map((value) => [name, String(value)]);
  });
}
