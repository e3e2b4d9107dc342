import type * as hooks from '@carillon/hooks';
import { expectTypeOf, test } from 'vitest';
import type * as listeners from '../src/index.ts';

test('channels and remotes are those of @carillon/hooks, in both directions', () => {
  expectTypeOf<listeners.ByteChannel>().toEqualTypeOf<hooks.ByteChannel>();
  expectTypeOf<listeners.ChannelReceiver>().toEqualTypeOf<hooks.ChannelReceiver>();
  expectTypeOf<listeners.Remote>().toEqualTypeOf<hooks.Remote>();
  expectTypeOf<listeners.ClientCertificate>().toEqualTypeOf<hooks.ClientCertificate>();
  expectTypeOf<listeners.UpgradeRequest>().toEqualTypeOf<hooks.UpgradeRequest>();
});

test('the address of a listener has the shape that was asked for', () => {
  const accept: listeners.Accept = () => {};
  expectTypeOf<typeof listeners.listen>().toBeCallableWith({ port: 0 }, accept);
  expectTypeOf<typeof listeners.listen>().toBeCallableWith({ path: '/run/mqtt.sock' }, accept);
  expectTypeOf<listeners.Listener<listeners.TcpAddress>['address']['port']>().toBeNumber();
});
