import { ImpossibleValue, isObject, refuse } from '@carillon/hooks/checks';
import type { WebhookHeaders } from './webhook-options.ts';

/** Those that say how a request is framed, and those that a webhook writes itself. */
const taken = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Headers of the host's own. RFC 9110 §5.1, §5.5: what has a line break in it would be two headers. Values are not
 * shown: they are often secrets.
 *
 * @throws {ImpossibleValue}
 */
export function checkHeaders(value: unknown, field: string): WebhookHeaders {
  if (!isObject(value)) return refuse(field, value, 'an object from name to text');
  const headers: Record<string, string> = {};
  for (const [name, content] of Object.entries(value)) {
    const key = name.toLowerCase();
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      return refuse(`a name in ${field}`, name, 'the name of a header');
    if (taken.has(key) || /^(?:webhook|mqtt)-/.test(key)) {
      throw new ImpossibleValue(`${field}.${name} cannot be set: the webhook writes it itself.`);
    }
    if (typeof content !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(content)) {
      return refuse(`${field}.${name}`, content, 'text that a header can have');
    }
    headers[key] = content;
  }
  return headers;
}
