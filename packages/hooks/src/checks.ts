/**
 * The checks that the engine makes of what hooks answer, for plugins that have their answers from elsewhere: a token, a
 * service, a file. What passes here the engine takes. Options are checked by the same means.
 *
 * @module
 */

export { checkingOptions, readOptions } from './checking-options.ts';
export { grantFields, limitFields, permissionFields } from './grant-fields.ts';
export { asError, messageOf } from './thrown.ts';
export * from './value-checks.ts';
