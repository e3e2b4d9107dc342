import { fileURLToPath } from 'node:url';
import { httpBridge } from '@carillon/bridge-http';
import { createBroker } from 'carillon';
import express from 'express';

const app = express();
const broker = createBroker();

const bridge = httpBridge();
broker.use(bridge);
app.use('/mqtt', bridge.handler);

app.use(express.static(fileURLToPath(new URL('pages', import.meta.url))));
const server = app.listen(3000);

export { bridge, broker, server };
