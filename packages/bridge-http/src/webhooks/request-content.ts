import { isUtf8 } from 'node:buffer';
import type { PublishProperties } from '@carillon/protocol';
import type { ArrivedMessage } from './arrived-message.ts';
import { headerText, listText } from './header-text.ts';

/** What of a request is the same at every attempt. */
export interface RequestContent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The payload is the body; what else there is of the message stands in headers. */
export function payloadContent(message: ArrivedMessage): RequestContent {
  const { topic, qos, retain, properties, payload, receivedAt } = message;
  const { responseTopic, correlationData, userProperties = [] } = properties;
  return {
    headers: {
      ...contentTypeOf(properties),
      'mqtt-topic': headerText(topic),
      'mqtt-qos': String(qos),
      'mqtt-retain': String(retain),
      'mqtt-received-at': new Date(receivedAt).toISOString(),
      ...(responseTopic !== undefined && { 'mqtt-response-topic': headerText(responseTopic) }),
      ...(correlationData !== undefined && { 'mqtt-correlation-data': base64(correlationData) }),
      ...(userProperties.length > 0 && {
        'mqtt-user-property': userProperties
          .map(([name, value]) => `${listText(name)}=${listText(value)}`)
          .join(', '),
      }),
    },
    body: payload,
  };
}

/** The body is JSON with everything, in the form that Standard Webhooks gives payloads. */
export function jsonContent(message: ArrivedMessage): RequestContent {
  const { topic, qos, retain, properties, payload, receivedAt } = message;
  const { contentType, responseTopic, correlationData, userProperties } = properties;
  const isText = isUtf8(payload);
  const data = {
    topic,
    qos,
    retain,
    payload: isText ? Buffer.from(payload).toString() : base64(payload),
    encoding: isText ? 'utf-8' : 'base64',
    contentType,
    responseTopic,
    correlationData: correlationData && base64(correlationData),
    userProperties,
  };
  const body = { type: 'mqtt.message', timestamp: new Date(receivedAt).toISOString(), data };
  return { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** RFC 9110 §8.3.1. A Content Type may be any text; what is no media type would tell the receiver nothing. */
const mediaType =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:[ \t]*;[ \t]*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[\t\x20-\x21\x23-\x5b\x5d-\x7e]*"))*$/;

function contentTypeOf({ contentType, payloadFormatIndicator }: PublishProperties) {
  if (contentType !== undefined && mediaType.test(contentType)) return { 'content-type': contentType };
  return {
    'content-type': payloadFormatIndicator === 1 ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    ...(contentType !== undefined && { 'mqtt-content-type': headerText(contentType) }),
  };
}
