import { describe, expect, it } from 'vitest';
import { ScriptedWorld } from './scripted-remote.ts';

const outOnly = { topics: ['out/# out 1'] };
const steady = { ...outOnly, backOff: { minimum: 1000, maximum: 8000 } };

describe('The line to the remote broker', () => {
  it('is tried again after a wait that doubles up to its maximum, half of it by chance', async () => {
    const world = new ScriptedWorld(steady);
    const attempts: number[] = [];
    world.unreachable.add('far');
    world.broker.use({
      name: 'watch',
      hooks: {
        bridgeChanged: ({ change }) =>
          void (change === 'failed' && attempts.push(world.laboratory.clock.elapsed())),
      },
    });
    await world.start();
    await world.laboratory.advance(60_000);
    const waits = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
    for (const [i, due] of [1000, 2000, 4000, 8000, 8000, 8000].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(due / 2);
      expect(waits[i]).toBeLessThanOrEqual(due);
    }
    expect(world.state).toMatchObject({
      condition: 'waiting',
      lastError: { code: 'BRIDGE_CONNECTION_LOST' },
    });
  });

  it('goes to the next address when one fails, at once, and waits when all have failed', async () => {
    const world = new ScriptedWorld({ ...steady, addresses: ['mqtt://one', 'mqtt://two', 'mqtt://three'] });
    world.unreachable.add('one').add('two');
    await world.start();
    expect(world.line.host).toBe('three');
    await world.line.accept();
    expect(world.state).toMatchObject({ condition: 'connected', address: 'mqtt://three:1883' });
  });

  it('goes back to the main address when that can be reached again', async () => {
    const world = new ScriptedWorld({ ...steady, addresses: ['mqtt://main', 'mqtt://spare'], failBack: 30 });
    world.unreachable.add('main');
    await world.start();
    await world.line.accept();
    await world.laboratory.advance(31_000);
    expect(world.state.address).toBe('mqtt://spare:1883');
    const spare = world.line;
    world.unreachable.clear();
    await world.laboratory.advance(30_000);
    await spare.expect('pingreq');
    expect(world.line.host).toBe('main');
    await world.line.accept();
    expect(world.state).toMatchObject({ condition: 'connected', address: 'mqtt://main:1883' });
  });

  it('stays with the address it has found, going round', async () => {
    const world = new ScriptedWorld({ ...steady, addresses: ['mqtt://one', 'mqtt://two'], roundRobin: true });
    world.unreachable.add('one');
    await world.start();
    await world.line.accept();
    world.unreachable.clear();
    await world.laboratory.advance(600_000);
    expect(world.line.host).toBe('two');
  });

  it('is given up when the remote broker does not answer in time', async () => {
    const world = await new ScriptedWorld({
      ...steady,
      addresses: 'mqtt://silent',
      connectTimeout: 5000,
    }).start();
    await world.laboratory.advance(5000);
    expect(world.state.lastError).toMatchObject({
      code: 'BRIDGE_TIMED_OUT',
      message: 'mqtt://silent:1883 did not answer within 5000 milliseconds',
    });
  });

  it('is given up when nothing is heard for longer than the keep alive', async () => {
    const world = await new ScriptedWorld({ ...steady, keepAlive: 10 }).start();
    await world.line.accept();
    await world.laboratory.advance(7_500);
    await world.line.expect('pingreq');
    await world.line.send({ type: 'pingresp' });
    await world.laboratory.advance(7_500);
    await world.line.expect('pingreq');
    expect(world.state.condition).toBe('connected');
    await world.laboratory.advance(7_500);
    expect(world.state).toMatchObject({ condition: 'waiting', lastError: { code: 'BRIDGE_KEEP_ALIVE' } });
  });

  it('keeps the keep alive that the remote broker asks for', async () => {
    const world = await new ScriptedWorld({ ...steady, keepAlive: 600 }).start();
    await world.line.accept({ properties: { serverKeepAlive: 4 } });
    await world.laboratory.advance(3_000);
    await world.line.expect('pingreq');
  });

  it('is made by a lazy bridge when there is something to send, and left when there is not', async () => {
    const world = await new ScriptedWorld({ ...outOnly, start: 'lazy', idleTimeout: 20 }).start();
    expect(world.connections).toHaveLength(0);
    expect(world.state.condition).toBe('idle');
    await world.publish('out/1', 'x', { qos: 0 });
    await world.laboratory.settle();
    await world.line.accept();
    expect(await world.line.expect('publish')).toMatchObject({ topic: 'out/1', qos: 0 });
    await world.laboratory.advance(41_000);
    expect(await world.line.expect('disconnect')).toMatchObject({ reasonCode: 0 });
    expect(world.state.condition).toBe('idle');
  });

  it('takes no more bytes in a second than it may', async () => {
    const world = await new ScriptedWorld({ ...outOnly, maximumBytesPerSecond: 1000 }).start();
    await world.line.accept();
    for (let i = 0; i < 10; i++) await world.publish('out/1', 'x'.repeat(450), { qos: 0 });
    await world.laboratory.advance(2000);
    const { bytesOut } = world.state.counters;
    expect(bytesOut).toBeGreaterThan(1500);
    expect(bytesOut).toBeLessThan(3000);
    await world.laboratory.advance(4000);
    expect(world.state.counters.forwardedOut).toBe(10);
  });
});

describe('A remote broker that refuses', () => {
  it('is named as refusing the credentials, and no password is told', async () => {
    const credentials = { username: 'ann', password: 'secret-word' };
    const world = await new ScriptedWorld({ ...steady, credentials }).start();
    const connect = await world.line.accept({ reasonCode: 0x86 });
    expect(new TextDecoder().decode(connect.password)).toBe('secret-word');
    expect(world.state.lastError).toMatchObject({
      code: 'BRIDGE_CREDENTIALS_REFUSED',
      message: expect.stringContaining('refuses the credentials with the user name "ann"'),
    });
    expect(JSON.stringify([world.state, world.laboratory.logger])).not.toContain('secret-word');
  });

  it('is asked again with what the function returns then', async () => {
    let token = 0;
    const credentials = () => ({ username: 'ann', password: `token ${++token}` });
    const world = await new ScriptedWorld({ ...steady, credentials }).start();
    await world.line.accept({ reasonCode: 0x87 });
    await world.laboratory.advance(1000);
    const { password } = await world.line.accept();
    expect(new TextDecoder().decode(password)).toBe('token 2');
    expect(world.state.condition).toBe('connected');
  });

  it('is not asked when the function fails', async () => {
    const credentials = () => Promise.reject(new Error('the vault is closed'));
    const world = await new ScriptedWorld({ ...steady, credentials }).start();
    expect(world.state.lastError?.code).toBe('BRIDGE_CREDENTIALS_FAILED');
    expect(world.connections).toHaveLength(0);
  });

  it('gets 3.1.1 with the bridge bit, then without, when it does not speak 5.0', async () => {
    const world = await new ScriptedWorld(steady).start();
    expect(await world.line.expect('connect')).toMatchObject({ protocolVersion: 5 });
    await world.line.sendBytes(0x20, 2, 0, 1);
    expect(await world.line.expect('connect')).toMatchObject({ protocolVersion: 4, bridge: true });
    await world.line.sendBytes(0x20, 2, 0, 1);
    expect(await world.line.expect('connect')).toMatchObject({ protocolVersion: 4, bridge: false });
    await world.line.sendBytes(0x20, 2, 0, 0);
    expect(world.state).toMatchObject({ condition: 'connected', protocolVersion: 4 });
  });

  it('gets 3.1.1 when it hangs up upon CONNECT three times', async () => {
    const world = await new ScriptedWorld({ ...steady, bridgeBit: false }).start();
    for (let i = 0; i < 3; i++) {
      expect(await world.line.expect('connect')).toMatchObject({ protocolVersion: 5 });
      await world.line.end();
      await world.laboratory.advance(8000);
    }
    expect(await world.line.expect('connect')).toMatchObject({ protocolVersion: 4 });
  });

  it('is named as refusing when no version is left', async () => {
    const world = await new ScriptedWorld({ ...steady, protocolVersion: 5 }).start();
    await world.line.accept({ reasonCode: 0x84 });
    expect(world.state.lastError?.code).toBe('BRIDGE_VERSION_REFUSED');
  });

  it('is named with the subscription that it does not grant', async () => {
    const world = await new ScriptedWorld({ topics: ['open/# in', 'secret/# in'] }).start();
    await world.line.accept();
    await world.line.grant({ reasonCodes: [0, 0x87] });
    expect(world.state.lastError).toMatchObject({
      code: 'BRIDGE_SUBSCRIPTION_REFUSED',
      message: 'the remote broker does not grant "secret/#": Not authorized',
    });
  });

  it('is quoted when it ends the connection', async () => {
    const world = await new ScriptedWorld(steady).start();
    await world.line.accept();
    await world.line.send({
      type: 'disconnect',
      reasonCode: 0x98,
      properties: { reasonString: 'maintenance' },
    });
    expect(world.state.lastError).toMatchObject({
      code: 'BRIDGE_DISCONNECTED',
      message: 'the broker ended the connection: Administrative action: maintenance',
    });
  });
});
