import { readFileSync } from 'node:fs';
import { jwtAuth } from '@carillon/auth-jwt';
import { createBroker } from 'carillon';
import type { MqttClient } from 'mqtt';
import { generate } from 'mqtt-packet';

const { PUBLIC_KEY_FILE = 'issuer.pem' } = process.env;

export const broker = createBroker();
broker.use(
  jwtAuth({
    keys: { file: PUBLIC_KEY_FILE },
    algorithms: ['ES256'],
    issuer: 'https://id.example.com/',
    audience: 'mqtt',
    claims: { groups: 'roles', permissions: 'mqtt' },
  }),
);
await broker.listen({ port: 1883 });

export const pem = readFileSync(PUBLIC_KEY_FILE, 'utf8');

/** A claim may be all there is of a tenant; a function makes a mount point of it. */
export const byTenant = jwtAuth({
  keys: { pem },
  algorithms: ['ES256'],
  claims: ({ tenant }) =>
    typeof tenant === 'string'
      ? { allow: true, mountPoint: `tenants/${tenant}/` }
      : { allow: false, reasonString: 'the token has no tenant' },
});

/** Sends a new token, before the old one ends, on a client that connected by the method JWT. */
export function sendToken(client: MqttClient, token: string): void {
  const properties = { authenticationMethod: 'JWT', authenticationData: Buffer.from(token) };
  client.stream.write(generate({ cmd: 'auth', reasonCode: 0x19, properties }, { protocolVersion: 5 }));
}
