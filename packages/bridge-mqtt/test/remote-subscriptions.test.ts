import type { ConnectPacket } from '@carillon/protocol';
import { describe, expect, it } from 'vitest';
import type { BridgeOptions } from '../src/link-options.ts';
import { JoinedBrokers } from './joined-brokers.ts';
import { ScriptedWorld } from './scripted-remote.ts';

const quickly = { backOff: { minimum: 10, maximum: 10 } };
const three = { topics: ['in/# in 2'], protocolVersion: 4, bridgeBit: false, ...quickly } as const;
const accept = [0x20, 2, 0, 0] as const;
const acceptPresent = [0x20, 2, 1, 0] as const;

/** The bridge begins anew, as after a restart: nothing but what it has stored is left. */
async function beginAnew(world: ScriptedWorld, options: Partial<BridgeOptions>): Promise<void> {
  const changing = world.bridge.change({
    name: 'far',
    addresses: 'mqtt://far',
    topics: ['in/# in 2'],
    notifications: false,
    ...options,
  });
  await world.laboratory.settle();
  await changing;
}

function greeted(world: ScriptedWorld): Promise<ConnectPacket> {
  return world.line.expect('connect');
}

describe('What a bridge is subscribed to over there', () => {
  it('is asked for once in MQTT 3.1.1, where asking again brings all that is retained again', async () => {
    const world = await new ScriptedWorld(three, { version: 4 }).start();
    await greeted(world);
    await world.line.sendBytes(...accept);
    expect((await world.line.grant()).subscriptions).toMatchObject([{ filter: 'in/#', qos: 2 }]);
    await beginAnew(world, three);
    await greeted(world);
    await world.line.sendBytes(...acceptPresent);
    await expect(world.line.expect('subscribe')).rejects.toThrow('nothing came');
    expect(world.state.condition).toBe('connected');
  });

  it('is asked for again where the session is gone', async () => {
    const world = await new ScriptedWorld(three, { version: 4 }).start();
    await greeted(world);
    await world.line.sendBytes(...accept);
    await world.line.grant();
    await beginAnew(world, three);
    await greeted(world);
    await world.line.sendBytes(...accept);
    await world.line.grant();
  });

  it('is asked for at each address of its own', async () => {
    const addresses = ['mqtt://one', 'mqtt://two'];
    const world = await new ScriptedWorld({ ...three, addresses }, { version: 4 }).start();
    await greeted(world);
    await world.line.sendBytes(...accept);
    await world.line.grant();
    world.unreachable.add('one');
    await world.line.cut();
    await world.laboratory.advance(50);
    expect(world.line.host).toBe('two');
    await greeted(world);
    // A session is there, of some time before: of what it has nothing is known.
    await world.line.sendBytes(...acceptPresent);
    await world.line.grant();
  });

  it('is made sure of once in MQTT 5.0, where it brings nothing again', async () => {
    const world = await new ScriptedWorld({ topics: ['in/# in 2'], ...quickly }).start();
    await world.line.accept();
    await world.line.grant();
    await beginAnew(world, quickly);
    await world.line.accept({ sessionPresent: true });
    expect((await world.line.grant()).subscriptions).toMatchObject([{ retainHandling: 1 }]);
    await world.line.cut();
    await world.laboratory.advance(20);
    await world.line.accept({ sessionPresent: true });
    await expect(world.line.expect('subscribe')).rejects.toThrow('nothing came');
  });

  it('goes with the topics that are taken away', async () => {
    const world = new JoinedBrokers();
    const bridge = (topics: string[]): BridgeOptions => ({ name: 'b', addresses: 'mqtt://b', topics });
    const a = world.site('a', [bridge(['in/# in 1', 'other/# in 1'])]);
    const b = world.site('b');
    await world.start();
    const changing = a.bridge.change(bridge(['in/# in 1', 'out/# out 1']));
    await world.laboratory.settle();
    await changing;
    expect(b.broker.subscriptions('a.b')).toMatchObject([{ filter: 'in/#' }]);
  });

  it('is forgotten with the bridge', async () => {
    const world = new JoinedBrokers();
    const a = world.site('a', [{ name: 'b', addresses: 'mqtt://b', topics: ['in/# in 1'] }]);
    world.site('b');
    await world.start();
    expect(a.broker.retained('$bridge/subscribed/b/0')).toBeDefined();
    const removing = a.bridge.remove('b');
    await world.laboratory.settle();
    await removing;
    expect(a.broker.retained('$bridge/subscribed/b/0')).toBeUndefined();
  });
});
