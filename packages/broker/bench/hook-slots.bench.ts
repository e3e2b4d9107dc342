import { bench, describe } from 'vitest';
import { HookLaboratory, publishEvent } from '../test/hooks/hook-laboratory.ts';

const unused = new HookLaboratory();
const used = new HookLaboratory();
used.use({ name: 'allow', hooks: { authorizePublish: () => true } });
const twice = new HookLaboratory();
twice.use({ name: 'no-opinion', hooks: { authorizePublish: () => undefined } });
twice.use({ name: 'allow', hooks: { authorizePublish: () => true } });
const promising = new HookLaboratory();
promising.use({ name: 'allow', hooks: { authorizePublish: async () => true } });

describe('authorizePublish', () => {
  bench('nobody has registered', () => {
    unused.slots.authorizePublish?.(publishEvent);
  });
  bench('one plugin answers', () => {
    used.slots.authorizePublish?.(publishEvent);
  });
  bench('the second of two plugins answers', () => {
    twice.slots.authorizePublish?.(publishEvent);
  });
  bench('one plugin promises', async () => {
    await promising.slots.authorizePublish?.(publishEvent);
  });
});
