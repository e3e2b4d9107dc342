import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arrivals, Here } from './bridged-broker.ts';
import { host } from './broker.ts';

/** A broker that speaks MQTT 3.1.1 only, and knows no bridge bit. */
describe('A bridge to a broker of MQTT 3.1.1', () => {
  let far: Aedes;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    far = await Aedes.createBroker();
    server = createServer(far.handle);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('Aedes does not listen');
    port = address.port;
  });

  afterAll(async () => {
    await new Promise<void>((resolve) => far.close(resolve));
    server.close();
  });

  it('begins with 5.0, and speaks 3.1.1 when that is refused', async () => {
    const topics = ['up/# out 2', 'down/# in 2'];
    await using here = new Here({ addresses: `mqtt://${host}:${port}`, topics });
    const [atHere, atFar] = [new Arrivals(), new Arrivals()];
    here.broker.subscribe('down/#', (message) => atHere.take(message.topic, message.text()));
    far.subscribe(
      'up/#',
      ({ topic, payload }, done) => {
        atFar.take(topic, payload.toString());
        done();
      },
      () => {},
    );
    await here.until('connected');
    expect(here.state).toMatchObject({ protocolVersion: 4 });
    const properties = { contentType: 'text/plain', userProperties: [['a', '1']] } as const;
    await here.broker.publish('up/1', 'out', { qos: 2, properties });
    await atFar.until('up/1', 'out');
    far.publish(
      { cmd: 'publish', topic: 'down/1', payload: 'in', qos: 2, retain: false, dup: false },
      () => {},
    );
    await atHere.until('down/1', 'in');
    expect(here.changes).toEqual(['BRIDGE_VERSION_REFUSED', 'connected']);
  });
});
