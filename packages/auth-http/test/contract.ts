import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

/** The description of the service, as it is published. */
export const description: Record<string, unknown> = parse(
  readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
);

const ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(description, 'openapi.yaml');

export type SchemaName =
  | 'AuthenticateQuestion'
  | 'AuthenticateAnswer'
  | 'AuthorizeQuestion'
  | 'AuthorizeAnswer';

/** What is wrong with a value by one of the schemas; `undefined` for nothing. */
export function faultOf(schema: SchemaName, value: unknown): string | undefined {
  const validate = ajv.compile({ $ref: `openapi.yaml#/components/schemas/${schema}` });
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}
