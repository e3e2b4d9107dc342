import type { IncomingMessage } from 'node:http';
import type { MessageProperties, QoS, UserProperty } from '@carillon/protocol';
import { findTopicNameFault } from '@carillon/topics';
import { Problem } from './problem.ts';
import { decodePart, type Query, refuseUnknown } from './query.ts';

/** What a request says of the message that its body is. */
export interface MessageParameters {
  /** Undefined where it is not said. */
  readonly qos: QoS | undefined;
  readonly retain: boolean | undefined;
  readonly properties: MessageProperties;
}

/** What bounds the parameters. */
export interface ParameterLimits {
  readonly maximumUserProperties: number;
  readonly otherParameters: ReadonlySet<string>;
}

/** Each as a parameter of the query, and with `mqtt-` before it as a header. */
const names = ['qos', 'retain', 'expiry', 'response-topic', 'correlation-data', 'user-property'];
/** Text that another protocol gives has to fit a string of MQTT. */
const longestText = 65_535;

/** @throws {Problem} 400, which says what is wrong and what would be right. */
export function readMessageParameters(
  request: IncomingMessage,
  query: Query,
  limits: ParameterLimits,
): MessageParameters {
  refuseUnknown(query, names, limits.otherParameters);
  refuseUnknownHeaders(request);
  const given = (name: string): readonly string[] => valuesOf(request, query, name);
  const expiry = single(given('expiry'), 'expiry');
  const responseTopic = single(given('response-topic'), 'response-topic');
  const correlationData = single(given('correlation-data'), 'correlation-data');
  const userProperties = readUserProperties(request, query);
  if (userProperties.length > limits.maximumUserProperties) {
    throw new Problem(400, `more than ${limits.maximumUserProperties} user properties`);
  }
  const contentType = request.headers['content-type'];
  return {
    qos: readQoS(single(given('qos'), 'qos')),
    retain: readFlag(single(given('retain'), 'retain'), 'retain'),
    properties: {
      ...(contentType === undefined ? {} : { contentType: checkText(contentType, 'Content-Type') }),
      ...(expiry === undefined ? {} : { messageExpiryInterval: readSeconds(expiry) }),
      ...(responseTopic === undefined ? {} : { responseTopic: checkResponseTopic(responseTopic) }),
      ...(correlationData === undefined ? {} : { correlationData: readBase64(correlationData) }),
      ...(userProperties.length === 0 ? {} : { userProperties }),
    },
  };
}

function refuseUnknownHeaders({ headers }: IncomingMessage): void {
  for (const header of Object.keys(headers)) {
    if (!header.startsWith('mqtt-') || names.includes(header.slice('mqtt-'.length))) continue;
    const known = names.map((name) => `mqtt-${name}`).join(', ');
    throw new Problem(400, `there is no header ${JSON.stringify(header)}; there are ${known}`);
  }
}

/** Headers are percent-encoded, since they can hold neither line breaks nor more than Latin-1. */
function valuesOf({ headersDistinct }: IncomingMessage, query: Query, name: string): readonly string[] {
  const header = headersDistinct[`mqtt-${name}`] ?? [];
  const parameter = query.get(name) ?? [];
  refuseBoth(header, parameter, name);
  return parameter.length > 0 ? parameter : header.map((value) => decodeHeader(value, name));
}

/** `name=value`; proxies may have joined several headers into one, with commas. */
function readUserProperties({ headersDistinct }: IncomingMessage, query: Query): readonly UserProperty[] {
  const name = 'user-property';
  const headers = (headersDistinct[`mqtt-${name}`] ?? []).flatMap((line) => line.split(','));
  const parameters = query.get(name) ?? [];
  refuseBoth(headers, parameters, name);
  return [
    ...headers.map((text) => splitProperty(text).map((part) => decodeHeader(part, name))),
    ...parameters.map(splitProperty),
  ].map(([key = '', value = '']) => [checkText(key, name), checkText(value, name)]);
}

function splitProperty(text: string): readonly string[] {
  const equals = text.indexOf('=');
  if (equals !== -1) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new Problem(400, `user-property is ${JSON.stringify(text)}; it must be name=value`);
}

function refuseBoth(header: readonly string[], parameter: readonly string[], name: string): void {
  if (header.length === 0 || parameter.length === 0) return;
  throw new Problem(400, `${name} is given twice: as a header and as a parameter`);
}

function decodeHeader(value: string, name: string): string {
  return decodePart(value.trim(), `the header "mqtt-${name}"`);
}

function single(values: readonly string[], name: string): string | undefined {
  if (values.length > 1) throw new Problem(400, `${name} is given ${values.length} times`);
  return values[0];
}

export function readQoS(text: string | undefined): QoS | undefined {
  switch (text) {
    case undefined:
      return undefined;
    case '0':
      return 0;
    case '1':
      return 1;
    case '2':
      return 2;
    default:
      throw new Problem(400, `qos is ${JSON.stringify(text)}; it must be 0, 1 or 2`);
  }
}

export function readFlag(text: string | undefined, name: string): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === '1' || text === '') return true;
  if (text === 'false' || text === '0') return false;
  throw new Problem(400, `${name} is ${JSON.stringify(text)}; it must be true or false`);
}

function readSeconds(text: string): number {
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= 0xffff_ffff) return seconds;
  throw new Problem(
    400,
    `expiry is ${JSON.stringify(text)}; it must be a number of seconds, 4294967295 at most`,
  );
}

/** Both alphabets, with or without padding. */
function readBase64(text: string): Uint8Array {
  const isBase64 = /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1;
  if (!isBase64) throw new Problem(400, 'correlation-data is no base64');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > longestText) {
    throw new Problem(400, `correlation-data has ${bytes.length} bytes; 65535 are possible`);
  }
  return bytes;
}

function checkResponseTopic(topic: string): string {
  const fault = findTopicNameFault(topic, {
    maximumBytes: longestText,
    maximumLevels: Number.POSITIVE_INFINITY,
  });
  if (fault === undefined) return topic;
  throw new Problem(400, `response-topic cannot be: ${fault.message}`);
}

/** [MQTT-1.5.4-2]; half a surrogate pair cannot come out of UTF-8. */
function checkText(text: string, name: string): string {
  if (text.includes('\0')) throw new Problem(400, `${name} has the character U+0000`);
  if (Buffer.byteLength(text) > longestText) throw new Problem(400, `${name} is longer than 65535 bytes`);
  return text;
}
