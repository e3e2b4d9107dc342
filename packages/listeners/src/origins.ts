import type { UpgradeRequest } from './channel.ts';
import type { AllowedOrigins } from './websocket-options.ts';

/** May the web page that asks for this WebSocket have it? See {@link AllowedOrigins}. */
export function isOriginAllowed(request: UpgradeRequest, allowed: AllowedOrigins): boolean {
  // Version 8 of the WebSocket protocol had another name for it.
  const { host, origin = request.headers['sec-websocket-origin'] } = request.headers;
  if (origin === undefined) return true;
  if (typeof origin !== 'string') return false;
  if (typeof allowed === 'function') return allowed(origin, request);
  if (allowed === '*') return true;
  return allowed.includes(origin.toLowerCase()) || isSameHost(origin, host);
}

function isSameHost(origin: string, host: unknown): boolean {
  if (typeof host !== 'string' || !URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(origin);
  return hostname !== '' && hostname === new URL(`http://${host}`).hostname;
}
