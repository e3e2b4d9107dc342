import type { ClientLimits, Grant, Permissions } from './answers.ts';
import {
  boolean,
  exactly,
  type FieldChecks,
  inner,
  instant,
  integer,
  limit,
  nonEmptyText,
  nonEmptyTexts,
  plainFilters,
  qos,
  text,
  topicPrefix,
  userProperties,
} from './value-checks.ts';

/** The lists of {@link Permissions}. */
export const permissionFields: FieldChecks<Permissions> = {
  publish: plainFilters,
  subscribe: plainFilters,
  receive: plainFilters,
};

/** The limits of {@link ClientLimits}. */
export const limitFields: FieldChecks<ClientLimits> = {
  maximumQoS: qos,
  retainAvailable: boolean,
  maximumPacketSize: integer(1, 0xffff_ffff),
  receiveMaximum: integer(1, 0xffff),
  maximumSubscriptions: limit,
  maximumQueuedMessages: limit,
  maximumQueuedBytes: limit,
  maximumSessionExpiryInterval: integer(0, 0xffff_ffff),
  serverKeepAlive: integer(1, 0xffff),
  publishRate: integer(1, 0xffff_ffff),
  publishBytesRate: integer(1, 0xffff_ffff),
};

/** Everything a {@link Grant} may have. */
export const grantFields: FieldChecks<Grant> = {
  allow: exactly(true),
  because: text,
  identity: text,
  groups: nonEmptyTexts,
  mountPoint: topicPrefix,
  permissions: inner(permissionFields),
  limits: inner(limitFields),
  expiresAt: instant,
  userProperties,
  reasonString: text,
  assignedClientId: nonEmptyText,
  responseInformation: text,
};
