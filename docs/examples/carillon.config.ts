import { defineConfig } from '@carillon/cli';

const { MQTT_PASSWORD } = process.env;
if (!MQTT_PASSWORD) throw new Error('MQTT_PASSWORD has to be set');

export default defineConfig({
  listeners: [
    { port: 1883, host: '0.0.0.0' },
    { port: 8080, host: '0.0.0.0', websocket: { path: '/mqtt' } },
  ],
  broker: { limits: { maximumPacketSize: 65_536 }, queueOverflow: 'drop-oldest' },
  plugins: [
    {
      name: 'one-password',
      hooks: {
        authenticate: ({ password = [] }) => Buffer.from(password).toString() === MQTT_PASSWORD,
      },
    },
  ],
});
