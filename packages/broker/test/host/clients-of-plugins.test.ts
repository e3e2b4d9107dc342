import type { OnBehalfOptions, PluginHooks, RefusedEvent, Remote } from '@carillon/hooks';
import { ReasonCode } from '@carillon/protocol';
import { type ConnectDraft, PacketClient } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/index.ts';
import { brokerUnderTest } from '../broker-under-test.ts';
import { joinChannels } from './joined-channels.ts';

const remote: Remote = { transport: 'https', address: '192.0.2.7', encrypted: true };

function house(hooks: PluginHooks = {}, options: EngineOptions = {}) {
  const { broker, laboratory, connect } = brokerUnderTest(options, hooks);
  const connectFor = (how: Partial<OnBehalfOptions> = {}): PacketClient =>
    PacketClient.connect(
      { handle: (channel) => joinChannels(channel, broker.connectOnBehalf({ remote, ...how })) },
      { laboratory, protocolVersion: 5, name: 'visitor' },
    );
  return { broker, laboratory, connect, connectFor };
}

const visitor: ConnectDraft = { clientId: 'visitor' };

describe('A client that a plugin speaks for', () => {
  it('is asked who it is, and what it may do, as a client of the network is', async () => {
    const asked: string[] = [];
    const { connectFor } = house({
      authorizeConnection: ({ remote: { transport } }) => asked.push(`connection by ${transport}`) > 0,
      authenticate: ({ username }) => asked.push(`authenticate ${username}`) > 0,
      authorizeSubscribe: ({ client }) => asked.push(`subscribe ${client.identity}`) < 0,
      authorizePublish: ({ message }) => asked.push(`publish ${message.topic}`) < 0,
    });
    const client = connectFor();
    expect(await client.connectPacket({ ...visitor, username: 'vera' })).toMatchObject({ reasonCode: 0 });
    expect((await client.subscribe('a')).reasonCodes).toEqual([ReasonCode.NotAuthorized]);
    const { reasonCode } = await client.publish('a', 'x', { qos: 1 });
    expect(reasonCode).toBe(ReasonCode.NotAuthorized);
    expect(asked).toEqual(['connection by https', 'authenticate vera', 'subscribe vera', 'publish a']);
  });

  it('is who the plugin says, and nobody else is asked', async () => {
    const { broker, connectFor } = house({ authenticate: () => false });
    const client = connectFor({ grant: { allow: true, identity: 'vera', mountPoint: 'tenants/7/' } });
    await client.connectPacket(visitor);
    expect(broker.client('visitor')).toMatchObject({ identity: 'vera', mountPoint: 'tenants/7/', remote });
  });

  it('has its connection ended when what the plugin has granted ends', async () => {
    const { laboratory, connectFor } = house();
    const expiresAt = laboratory.clock.now() + 60_000;
    const client = connectFor({ grant: { allow: true, identity: 'vera', expiresAt } });
    await client.connectPacket(visitor);
    await laboratory.advance(60_000);
    expect(await client.expect('disconnect')).toMatchObject({ reasonCode: ReasonCode.NotAuthorized });
  });

  it('takes no session that is to be given back to somebody else', async () => {
    const { broker, connectFor } = house();
    const accepts = (identity: string | undefined) => identity === 'vera';
    const mallory = connectFor({ grant: { allow: true, identity: 'mallory' }, accepts });
    expect(await mallory.connectPacket(visitor)).toMatchObject({ reasonCode: ReasonCode.NotAuthorized });
    expect(broker.session('visitor')).toBeUndefined();
    const vera = connectFor({ grant: { allow: true, identity: 'vera' }, accepts });
    expect(await vera.connectPacket(visitor)).toMatchObject({ reasonCode: 0 });
  });

  it('has no keep alive, whatever the broker asks of others', async () => {
    const { laboratory, connectFor } = house({}, { limits: { maximumKeepAlive: 10 } });
    const client = connectFor();
    expect(
      (await client.connectPacket({ ...visitor, keepAlive: 0 })).properties.serverKeepAlive,
    ).toBeUndefined();
    await laboratory.advance(3_600_000);
    await client.publish('a', 'still here', { qos: 1 });
  });

  it('counts against the limits for connections', async () => {
    const refused: RefusedEvent[] = [];
    const { connect, connectFor } = house(
      { refused: (event) => void refused.push(event) },
      { limits: { maximumConnections: 1 } },
    );
    await connect({ clientId: 'alice' });
    await connectFor().expectClosed();
    expect(refused).toMatchObject([{ what: 'connection', by: 'limit:maximumConnections', remote }]);
  });

  it('leaves to anybody a client id that a plugin does not own', async () => {
    const { connect, connectFor } = house();
    await connectFor().connectPacket(visitor);
    await connect(visitor);
  });

  it('cannot come to a broker that is closed', async () => {
    const { broker } = house();
    await broker.close();
    expect(() => broker.connectOnBehalf({ remote })).toThrow(
      expect.objectContaining({ code: 'BROKER_CLOSED' }),
    );
  });
});
