import type { ClientView, Principal } from '@carillon/hooks';
import type { WillRecord } from '@carillon/persistence';
import type { Permissions } from '../publishing/permissions.ts';

/** The Will of a session, with who left it. */
export interface PendingWill {
  readonly message: WillRecord['message'];
  /** Seconds between the end of the connection and its publication. */
  readonly delayInterval: number;
  /** Milliseconds since 1970; undefined while the client is connected. */
  readonly dueAt: number | undefined;
  /** The client that left it; undefined after a restart. */
  readonly client: ClientView | undefined;
  /** Who left it, which the session knows after a restart too. */
  readonly owner: Principal;
  readonly permissions: Permissions | undefined;
}
