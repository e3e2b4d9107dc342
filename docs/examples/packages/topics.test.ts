import { expect, test, vi } from 'vitest';

test('the README of @carillon/topics prints who gets a message, and what a new subscriber gets', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { pattern } = await import('./topics.ts');
  expect(print).toHaveBeenCalledTimes(3);
  expect(print).toHaveBeenCalledWith('heating', 'site/+/temperature');
  expect(print).toHaveBeenCalledWith('archive', 'site/#');
  expect(print).toHaveBeenCalledWith('site/7/temperature', 21);
  expect(pattern.parametersOf('devices/42/state').id).toBe('42');
});
