import { type ConnectionEvent, deny, type PluginHooks, type RefusedEvent } from '@carillon/hooks';
import { ReasonCode } from '@carillon/protocol';
import type { Guard } from './guard.ts';

/** A guard is asked before everybody else. */
const first = 1000;
const refusing = { priority: first, onlyRefuses: true } as const;

/** Waits of seconds are patience; longer ones would only hold on to sockets. */
const longestWaitToConnect = 10_000;

/** The hooks of a guard, in the order of a connection's life. */
export function guardHooks(running: () => Guard): PluginHooks {
  return {
    authorizeConnection: { ...refusing, handler: (event) => letIn(running(), event) },
    rewriteConnect: {
      priority: first,
      handler: ({ connect }) => slowDown(running(), connect.clientId),
    },
    authenticate: {
      ...refusing,
      handler: ({ remote, clientId, username }) => running().objectionTo(remote, clientId, username),
    },
    authenticateEnhanced: {
      ...refusing,
      handler: ({ remote, clientId, connect, round }) =>
        round === 0 ? running().objectionTo(remote, clientId, connect.username) : undefined,
    },
    connected({ client: { id, remote, username } }) {
      const guard = running();
      guard.backOff?.succeeded({ remote, username });
      // Who a client is found to be is only known now.
      const client = guard.broker.client(id);
      if (client !== undefined) guard.disconnectIfBanned(client);
    },
    refused(event) {
      if (isFailedLogin(event)) running().loginFailed(event.remote);
    },
    rewritePublish: {
      priority: first,
      handler({ message, client }) {
        if (client === undefined) return undefined;
        const guard = running();
        const pace = guard.rates.paceOf(client, message, guard.elapsed());
        if (pace === 0) return undefined;
        if (pace !== 'too-fast') return guard.waitingRoom.wait(pace.wait)?.then(() => undefined);
        const reasonString = 'publishing faster than the rate that was agreed';
        guard.broker
          .client(client.id)
          ?.disconnect({ reasonCode: ReasonCode.MessageRateTooHigh, reasonString });
        return undefined;
      },
    },
    started: () => running().takeUpStoredBans(),
  };
}

function letIn(guard: Guard, { remote }: ConnectionEvent) {
  if (guard.list.against({ remote }, guard.now()) !== undefined) return deny(ReasonCode.Banned, 'banned');
  const wait = guard.waitToConnect(remote);
  if (wait === 0) return undefined;
  const waiting = wait > longestWaitToConnect ? undefined : guard.waitingRoom.wait(wait);
  if (waiting === undefined) return deny(ReasonCode.ConnectionRateExceeded, 'too many connections');
  return waiting.then(() => undefined);
}

function slowDown(guard: Guard, clientId: string): Promise<undefined> | undefined {
  const wait = guard.waitToReturn(clientId);
  return wait === 0 ? undefined : guard.waitingRoom.wait(wait)?.then(() => undefined);
}

/** A wrong user name or password, whoever said so. */
function isFailedLogin(
  event: RefusedEvent,
): event is RefusedEvent & { remote: NonNullable<RefusedEvent['remote']> } {
  const { what, reasonCode, by, remote } = event;
  if (remote === undefined || by === 'auth-guard' || by.startsWith('limit:')) return false;
  const isWrong = reasonCode === ReasonCode.BadUserNameOrPassword || reasonCode === ReasonCode.NotAuthorized;
  return isWrong && (what === 'connect' || what === 'authentication');
}
