import { isUtf8 } from 'node:buffer';

/**
 * Whether a body is text for MQTT: it says that it is, and it is UTF-8. Then the Payload Format Indicator says so too.
 */
export function isText(contentType: string | undefined, body: Uint8Array): boolean {
  const { type = '', parameters = '' } =
    /^(?<type>[^;]*)(?<parameters>.*)$/s.exec(contentType ?? '')?.groups ?? {};
  if (!/^\s*(text\/[^/]+|application\/([^/]+\+)?(json|xml))\s*$/i.test(type)) return false;
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(parameters)?.[1];
  return (charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)) && isUtf8(body);
}
