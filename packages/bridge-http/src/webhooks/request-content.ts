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
  const { contentType, responseTopic, correlationData, userProperties = [] } = properties;
  return {
    headers: {
      'content-type': contentTypeOf(contentType),
      'mqtt-topic': headerText(topic),
      'mqtt-qos': String(qos),
      'mqtt-retain': String(retain),
      'mqtt-received-at': new Date(receivedAt).toISOString(),
      ...(responseTopic !== undefined && { 'mqtt-response-topic': headerText(responseTopic) }),
      ...(correlationData !== undefined && { 'mqtt-correlation-data': base64(correlationData) }),
      ...(userProperties.length > 0 && {
        'mqtt-user-properties': userProperties
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
  const text = textOf(payload);
  const data = {
    topic,
    qos,
    retain,
    payload: text ?? base64(payload),
    encoding: text === undefined ? 'base64' : 'utf-8',
    contentType,
    responseTopic,
    correlationData: correlationData && base64(correlationData),
    userProperties,
  };
  const body = { type: 'mqtt.message', timestamp: new Date(receivedAt).toISOString(), data };
  return { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(payload: Uint8Array): string | undefined {
  try {
    return utf8.decode(payload);
  } catch {
    return undefined;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** RFC 9110 §8.3.1. A Content Type may be any text; what is no media type would tell the receiver nothing. */
const mediaType =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:[ \t]*;[ \t]*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[\t\x20-\x21\x23-\x5b\x5d-\x7e]*"))*$/;

function contentTypeOf(contentType: string | undefined): string {
  return contentType !== undefined && mediaType.test(contentType) ? contentType : 'application/octet-stream';
}
