import { join } from 'node:path';
import { createBroker } from 'carillon';

const { RUNTIME_DIRECTORY = '/run/my-app' } = process.env;

const broker = createBroker();

// MQTT over TCP, for this machine only.
const tcp = await broker.listen({ port: 1883, host: '127.0.0.1' });
console.log(tcp.name); // tcp://127.0.0.1:1883

// MQTT over WebSocket on a port of its own; pages of these origins may connect.
await broker.listen({
  port: 8080,
  websocket: { path: '/mqtt', origins: ['https://app.example.com'] },
});

// A Unix socket for the other processes of this machine.
await broker.listen({ path: join(RUNTIME_DIRECTORY, 'mqtt.sock'), mode: 0o660 });

// Behind a load balancer that speaks the PROXY protocol: `client.remote` shows the device, not the balancer.
await broker.listen({ port: 1884, proxyProtocol: { trusted: ['127.0.0.1', '10.0.0.0/8'] } });

export { broker };
