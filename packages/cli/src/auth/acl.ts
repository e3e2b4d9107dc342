import { resolve } from 'node:path';
import { fileName, oneWordOf } from '../option-forms.ts';
import type { AuthEntry } from './auth-entry.ts';

/** Rules in a file: one of `file` and `mosquittoFile`. */
export interface AclConfiguration {
  /** A file in the format of `@carillon/auth-acl`. Relative to the folder of the file. */
  readonly file?: string;
  /** An ACL file of Mosquitto. Relative to the folder of the file. */
  readonly mosquittoFile?: string;
  /** What becomes of subscriptions that ask for more than is allowed. Default `refuse`, with `mosquittoFile` `narrow`. */
  readonly subscriptions?: 'refuse' | 'narrow';
}

export const aclEntry: AuthEntry<AclConfiguration> = {
  kind: 'authorizes',
  forms: {
    file: fileName,
    mosquittoFile: fileName,
    subscriptions: oneWordOf('refuse', 'narrow'),
  },
  ofFlags: ({ aclFile }) => (aclFile === undefined ? {} : { file: resolve(aclFile) }),
  async make(options) {
    const { aclAuth } = await import('@carillon/auth-acl');
    return aclAuth(options);
  },
};
