export { deleteUser, type SetPasswordOptions, setPassword } from './change-users.ts';
export { hashPassword } from './hash-password.ts';
export { type PasswordFilePlugin, passwordAuth } from './password-auth.ts';
export { PasswordFileError } from './password-file-error.ts';
export type {
  PasswordAuthSettings,
  PasswordFileOptions,
  PasswordFindOptions,
  PasswordUsersOptions,
} from './password-options.ts';
export type { ScramCredentials, ScramMethod } from './scram-line.ts';
export type { ScryptCost } from './stored-hash.ts';
export type { UpgradePolicy } from './upgrades.ts';
