import { createServer, type IncomingMessage } from 'node:http';
import { verifyWebhook, webhooks } from '@carillon/bridge-http';
import { createBroker } from 'carillon';

// Made once, with: node -p "'whsec_' + crypto.randomBytes(32).toString('base64')"
const secret = 'whsec_8PlYQYCzwtC8rxDY8O1BGkCsxVX0PMBBmeFZdWTmzMA=';

// The receiver; in life it is another program.
const seen = new Set<unknown>();
export const receiver = createServer(async (request, response) => {
  const body = await bodyOf(request);
  if (!verifyWebhook(request.headers, body, secret)) {
    response.writeHead(401).end();
    return;
  }
  const id = request.headers['webhook-id'];
  if (!seen.has(id)) console.log(`${request.headers['mqtt-topic']}: ${body}`);
  seen.add(id);
  response.writeHead(204).end();
}).listen(3000);

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return body;
}

export const broker = createBroker();
export const hooks = webhooks({
  hooks: [
    {
      id: 'shop',
      url: 'http://localhost:3000/mqtt',
      filters: ['orders/#', 'stock/+/low'],
      secret,
      deadLetterTopic: 'undelivered/shop',
    },
  ],
});
broker.use(hooks);
broker.use({
  name: 'watch the webhooks',
  hooks: {
    bridgeChanged({ bridge, change, address, reason }) {
      console.log(`${bridge} ${change}: ${address} ${reason}`);
    },
  },
});
await broker.listen({ port: 1883 });
await hooks.ready();

broker.subscribe('undelivered/#', ({ topic, properties }) => {
  console.log(topic, new Map(properties.userProperties).get('dead-letter-status'));
});

export async function addAnother(): Promise<void> {
  await hooks.add({
    id: 'audit',
    url: 'https://audit.example/mqtt',
    filters: 'orders/#',
    form: 'json',
    concurrency: 8,
    headers: () => ({ authorization: `Bearer ${freshToken()}` }),
  });
  for (const { id, condition, counters } of hooks.list()) {
    console.log(id, condition, counters.delivered, counters.waiting);
  }
  await hooks.remove('audit');
}

function freshToken(): string {
  return `valid at ${Date.now()}`;
}
