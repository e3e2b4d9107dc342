import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';

/** An MQTT.js client that is connected; it goes when the test is over. */
export async function connectTo(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  client.on('error', () => {});
  onTestFinished(() => client.endAsync(true));
  return client;
}

/** Sends a message through the broker and back to the same client; returns what arrived. */
export async function echo(client: MqttClient, text: string): Promise<string> {
  await client.subscribeAsync('echo/#', { qos: 1 });
  const arrived = nextMessage(client);
  await client.publishAsync('echo/1', text, { qos: 1 });
  return arrived;
}

/** The payload of the next message, as text. */
export function nextMessage(client: MqttClient): Promise<string> {
  return new Promise((resolve) => {
    client.once('message', (_topic, payload) => resolve(payload.toString()));
  });
}
