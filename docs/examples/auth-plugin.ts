import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { definePlugin, deny, ReasonCode } from 'carillon';

/** Whatever the application knows of its users. */
export interface UserTable {
  find(name: string): Promise<{ id: number; salt: Buffer; passwordHash: Buffer } | undefined>;
}

export const hashPassword = promisify<Uint8Array, Uint8Array, number, Buffer>(scrypt);

export function userTable(users: UserTable) {
  return definePlugin({
    name: 'user-table',
    hooks: {
      async authenticate({ username, password }) {
        if (username === undefined || password === undefined) return false;
        const user = await users.find(username);
        if (user === undefined) return deny(ReasonCode.BadUserNameOrPassword);
        const hash = await hashPassword(password, user.salt, user.passwordHash.length);
        if (!timingSafeEqual(hash, user.passwordHash)) return deny(ReasonCode.BadUserNameOrPassword);
        const own = [`users/${user.id}/#`];
        return { allow: true, identity: String(user.id), permissions: { publish: own, subscribe: own } };
      },
    },
  });
}
