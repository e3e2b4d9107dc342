import type { Plugin } from '@carillon/hooks';
import type { ListenOptions, TcpListenOptions } from 'carillon';

/**
 * A broker that asks nobody who he is must not be found by strangers: without an authentication plugin a listener
 * may only be reached from this machine, unless the operator says that he wants it so.
 *
 * @param isAllowed Whether clients are asked who they are, or everybody may come.
 * @throws what `refusal` makes, for the first listener that could be reached from elsewhere.
 */
export function refuseOpenListeners(
  listeners: readonly { readonly options: ListenOptions; readonly refusal: (message: string) => Error }[],
  isAllowed: boolean,
): void {
  if (isAllowed) return;
  for (const { options, refusal } of listeners) {
    if (!isOpen(options)) continue;
    throw refusal(
      `host is '${options.host}', which other machines can reach, and nobody is asked who he is: give 127.0.0.1, ` +
        'configure who may come (--password-file, or auth in a file), or say --allow-anonymous if everybody may come',
    );
  }
}

/** Whether a plugin decides who may connect. */
export function authenticates({ hooks }: Plugin): boolean {
  const handlers = [hooks?.authenticate, hooks?.authenticateEnhanced];
  return handlers.some((handler) => handler !== undefined && !onlyRefuses(handler));
}

/** Who only refuses asks nobody who he is. */
function onlyRefuses(handler: object): boolean {
  return 'onlyRefuses' in handler && handler.onlyRefuses === true;
}

/** Reached from elsewhere, and without a client certificate that the listener itself demands. */
function isOpen(options: ListenOptions): options is TcpListenOptions {
  if (options.path !== undefined) return false;
  const { host = '', tls } = options;
  const demandsCertificate = tls?.requestCert === true && tls.rejectUnauthorized !== false;
  return !demandsCertificate && !isLoopback(host);
}

/** True for addresses of this machine alone. A name other than `localhost` may lead anywhere. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(host);
}
