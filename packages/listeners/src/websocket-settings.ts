import type { ForwardingPolicy } from './forwarded.ts';
import { TrustedNetworks } from './networks.ts';
import { checkKeys, flag, joined, listOfStrings, oneOf, refuseOption, wholeNumber } from './option-checks.ts';
import type { AllowedOrigins, WebSocketOptions } from './websocket-options.ts';

/** {@link WebSocketOptions}, checked and with every default in place. */
export interface WebSocketSettings {
  /** `undefined`: any path. */
  readonly path: string | undefined;
  readonly origins: AllowedOrigins;
  readonly requireSubprotocol: boolean;
  readonly maxPayload: number;
  readonly forwarding: ForwardingPolicy;
}

/** The keys of {@link WebSocketOptions}. */
export const webSocketKeys = [
  'path',
  'origins',
  'requireSubprotocol',
  'maxPayload',
  'trustedProxies',
  'forwardedHeader',
] as const;

const defaultMaxPayload = 1024 * 1024;
/** The largest MQTT packet: fixed header and remaining length. */
const largestPayload = 5 + 268_435_455;

/**
 * @param prefix - Before the keys in error messages: `websocket`, or nothing.
 * @throws {ListenerError} `LISTENER_OPTION_INVALID`
 */
export function readWebSocketOptions(
  options: WebSocketOptions,
  prefix: string,
  defaultPath: string | undefined,
): WebSocketSettings {
  const key = (name: (typeof webSocketKeys)[number]): string => joined(prefix, name);
  const proxies = listOfStrings(key('trustedProxies'), options.trustedProxies);
  return {
    path: readPath(key('path'), options.path) ?? defaultPath,
    origins: readOrigins(key('origins'), options.origins),
    requireSubprotocol: flag(key('requireSubprotocol'), options.requireSubprotocol, true),
    maxPayload: wholeNumber(key('maxPayload'), options.maxPayload, defaultMaxPayload, 1, largestPayload),
    forwarding: {
      trusted: new TrustedNetworks(proxies, key('trustedProxies')),
      header: oneOf(key('forwardedHeader'), options.forwardedHeader, 'x-forwarded-for', [
        'x-forwarded-for',
        'forwarded',
      ]),
    },
  };
}

/** @throws {ListenerError} `LISTENER_OPTION_INVALID` */
export function checkWebSocketKeys(options: unknown): void {
  checkKeys(options, 'websocket', webSocketKeys);
}

function readPath(key: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^\/[^?#\s]*$/.test(value)) return value;
  return refuseOption(key, value, "a path such as '/mqtt'");
}

function readOrigins(key: string, value: AllowedOrigins | undefined): AllowedOrigins {
  if (value === undefined) return [];
  if (value === '*' || typeof value === 'function') return value;
  return listOfStrings(key, value).map((origin, index) => {
    if (origin === 'null' || (URL.canParse(origin) && isOrigin(origin))) return origin.toLowerCase();
    return refuseOption(`${key}[${index}]`, origin, "an origin such as 'https://app.example.com'");
  });
}

/** Scheme, host and port, nothing after: what browsers send. */
function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+$/i.test(text);
}
