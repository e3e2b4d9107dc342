import { definePlugin, deny } from '@carillon/hooks';
import { expect, test } from 'vitest';

test('the plugin of the README decides for devices alone', () => {
  /** Nobody but the owner of a device speaks for it. */
  const ownDevices = definePlugin({
    name: 'own-devices',
    hooks: {
      authorizePublish({ message, client }) {
        const [root, owner] = message.topic.split('/');
        if (root !== 'devices') return undefined; // no opinion: somebody else decides
        return owner === client?.identity || deny(0x87, 'that is not your device');
      },
    },
  });
  expect(ownDevices.name).toBe('own-devices');
});
