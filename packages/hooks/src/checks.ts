/**
 * The checks that the engine makes of what hooks answer, for plugins that have their answers from elsewhere: a token, a
 * service, a file. What passes here the engine takes.
 *
 * @module
 */
export * from './answer-checks.ts';
export { grantFields, limitFields, permissionFields } from './grant-fields.ts';
