import type { ClientLimits, Grant, Permissions } from '@carillon/hooks';
import {
  type Check,
  ImpossibleValue,
  isObject,
  limitFields,
  nonEmptyText,
  nonEmptyTexts,
  permissionFields,
  plainFilters,
  readFields,
  topicPrefix,
} from '@carillon/hooks/checks';
import { ReasonCode } from '@carillon/protocol';
import type { ClaimNames, ClaimPath, JwtClaims } from './options.ts';
import { TokenRefused } from './token-refused.ts';

/** Who holds the token, as far as a claim may speak of it. */
export interface Bearer {
  /** As it will be known. */
  readonly clientId: string;
  /** The client gave an id of its own. */
  readonly choseClientId: boolean;
}

/**
 * Reads a grant from the claims that are named.
 *
 * @throws {TokenRefused} when a claim is absent that has to be there, or has the wrong type.
 */
export function grantFromClaims(claims: JwtClaims, names: ClaimNames, bearer: Bearer): Grant {
  const { mountPoint, clientId, groups, limits } = names;
  return {
    allow: true,
    identity: required(claims, names.identity ?? 'sub', nonEmptyText),
    ...(clientId !== undefined && boundTo(required(claims, clientId, nonEmptyText), bearer)),
    ...(groups !== undefined && { groups: optional(claims, groups, nonEmptyTexts) ?? [] }),
    ...(mountPoint !== undefined && { mountPoint: required(claims, mountPoint, mountPointOf) }),
    ...permissionsOf(claims, names),
    ...(limits !== undefined && { limits: optional(claims, limits, clientLimits) ?? {} }),
  };
}

/** Who the token is about, where nothing else says it. */
export function subjectOf(claims: JwtClaims): string {
  return required(claims, 'sub', nonEmptyText);
}

/** A token for one client id is no good for another: its bearer could take over somebody's session. */
function boundTo(id: string, bearer: Bearer): { readonly assignedClientId?: string } {
  if (!bearer.choseClientId) return { assignedClientId: id };
  if (bearer.clientId === id) return {};
  throw new TokenRefused('the token is for another client id', {
    reasonCode: ReasonCode.ClientIdentifierNotValid,
  });
}

/** What is named and not there permits nothing. Receiving follows from subscribing, unless it is named as well. */
function permissionsOf(claims: JwtClaims, names: ClaimNames): { readonly permissions?: Permissions } {
  const { permissions, publish, subscribe, receive } = names;
  if (
    permissions === undefined &&
    publish === undefined &&
    subscribe === undefined &&
    receive === undefined
  ) {
    return {};
  }
  const whole = permissions === undefined ? undefined : (optional(claims, permissions, lists) ?? {});
  const nothing = whole === undefined ? {} : { publish: [], subscribe: [] };
  return {
    permissions: {
      ...nothing,
      ...whole,
      ...(publish !== undefined && { publish: optional(claims, publish, plainFilters) ?? [] }),
      ...(subscribe !== undefined && { subscribe: optional(claims, subscribe, plainFilters) ?? [] }),
      ...(receive !== undefined && { receive: optional(claims, receive, plainFilters) ?? [] }),
    },
  };
}

const lists: Check<Permissions> = (value, claim) => readFields(value, permissionFields, claim);

const clientLimits: Check<ClientLimits> = (value, claim) => readFields(value, limitFields, claim);

const mountPointOf: Check<string> = (value, claim) => {
  const text = nonEmptyText(value, claim);
  return topicPrefix(text.endsWith('/') ? text : `${text}/`, claim);
};

function required<T>(claims: JwtClaims, path: ClaimPath, check: Check<T>): T {
  const value = optional(claims, path, check);
  if (value !== undefined) return value;
  throw new TokenRefused(`the token has no claim ${nameOf(path)}`);
}

function optional<T>(claims: JwtClaims, path: ClaimPath, check: Check<T>): T | undefined {
  const value = valueAt(claims, path);
  if (value === undefined) return undefined;
  try {
    return check(value, `claim ${nameOf(path)}`);
  } catch (error) {
    throw error instanceof ImpossibleValue ? new TokenRefused(error.message) : error;
  }
}

/** `null` counts as absent: issuers write it for what they have no value for. */
function valueAt(claims: JwtClaims, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const name of typeof path === 'string' ? [path] : path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value ?? undefined;
}

function nameOf(path: ClaimPath): string {
  return typeof path === 'string' ? `"${path}"` : `"${path.join('.')}"`;
}
