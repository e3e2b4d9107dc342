import { createHash } from 'node:crypto';
import type { PublishPacket, QoS } from '@carillon/protocol';

/** Headers of a message as an answer carries it. */
export type MessageHeaders = Record<string, string | string[]>;

/** A media type as HTTP knows it: what else a Content Type of MQTT may say never becomes a header. */
const mediaType = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:\s*;[\t\x20-\x7e]*)?$/;

/**
 * The properties of a message as headers. The payload comes from whoever may publish, and may claim to be a page: browsers
 * are told not to run it in the name of the host.
 */
export function messageHeaders({ payload, properties }: PublishPacket, qos: QoS): MessageHeaders {
  const { contentType, payloadFormatIndicator, messageExpiryInterval, responseTopic } = properties;
  const { correlationData, userProperties = [] } = properties;
  const isMediaType = contentType !== undefined && mediaType.test(contentType);
  const unnamed = payloadFormatIndicator === 1 ? 'text/plain; charset=utf-8' : 'application/octet-stream';
  return {
    'Content-Type': isMediaType ? contentType : unnamed,
    'Content-Length': String(payload.length),
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Mqtt-Qos': String(qos),
    'Mqtt-Retain': 'true',
    ...(contentType === undefined || isMediaType ? {} : { 'Mqtt-Content-Type': encodeText(contentType) }),
    ...(messageExpiryInterval === undefined ? {} : { 'Mqtt-Expiry': String(messageExpiryInterval) }),
    ...(responseTopic === undefined ? {} : { 'Mqtt-Response-Topic': encodeText(responseTopic) }),
    ...(correlationData === undefined
      ? {}
      : { 'Mqtt-Correlation-Data': Buffer.from(correlationData).toString('base64') }),
    ...(userProperties.length === 0
      ? {}
      : {
          'Mqtt-User-Property': userProperties.map(
            ([name, value]) => `${encodeText(name, '=')}=${encodeText(value)}`,
          ),
        }),
  };
}

/** Changes with payload and properties, but not with the time that is left. */
export function entityTag({ payload, properties }: PublishPacket): string {
  const { messageExpiryInterval: _, topicAlias: __, subscriptionIdentifiers: ___, ...lasting } = properties;
  const { correlationData } = lasting;
  const hash = createHash('sha256').update(payload);
  hash.update(
    JSON.stringify({
      ...lasting,
      correlationData: correlationData && Buffer.from(correlationData).toString('hex'),
    }),
  );
  return `"${hash.digest('base64url').slice(0, 22)}"`;
}

/** RFC 9110 §13.1.2 */
export function isNamedIn(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((one) => ['*', tag, `W/${tag}`].includes(one.trim()));
}

/** Everything but printable ASCII is percent-encoded, and so are the percent sign, the comma, and `also`. */
function encodeText(text: string, also = ''): string {
  return text.replace(/./gsu, (character) =>
    /[\x21-\x7e]/.test(character) && !`%,${also}`.includes(character)
      ? character
      : encodeURIComponent(character),
  );
}
