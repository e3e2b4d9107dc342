export { type AclPlugin, aclAuth } from './acl-auth.ts';
export { AclError, type AclPlace } from './acl-error.ts';
export type { AclOptions } from './acl-options.ts';
export type { AclAction, AclCertificate, AclRule, AclWho } from './acl-rule.ts';
export type { WiderSubscriptions } from './rule-set.ts';
