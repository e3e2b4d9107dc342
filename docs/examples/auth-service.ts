import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { httpAuth } from '@carillon/auth-http';
import { createBroker } from 'carillon';

const { SERVICE_SECRET = 'change me' } = process.env;

/** A service in any language; here the least one. */
export const service = createServer(async (request, response) => {
  if (request.headers.authorization !== `Bearer ${SERVICE_SECRET}`) {
    response.writeHead(401).end();
    return;
  }
  const question = Object(await json(request));
  const answer =
    question.username === 'anna' && question.password === 'tick-tock'
      ? { allow: true, identity: 'anna', permissions: { publish: ['users/anna/#'] }, cacheFor: 60_000 }
      : { allow: false, reasonCode: 134, reasonString: 'unknown user or wrong password' };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
service.listen(8080, '127.0.0.1');

export const broker = createBroker();
broker.use(
  httpAuth({
    url: 'http://127.0.0.1:8080/mqtt',
    authorize: false,
    headers: { authorization: `Bearer ${SERVICE_SECRET}` },
  }),
);
await broker.listen({ port: 1883 });
