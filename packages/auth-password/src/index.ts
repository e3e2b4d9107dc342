export { hashPassword } from './hash-password.ts';
export { passwordAuth } from './password-auth.ts';
export { PasswordFileError } from './password-file-error.ts';
export type {
  PasswordAuthSettings,
  PasswordFileOptions,
  PasswordFindOptions,
  PasswordUsersOptions,
} from './password-options.ts';
export type { ScryptCost } from './stored-hash.ts';
