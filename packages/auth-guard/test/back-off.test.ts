import { expect, test } from 'vitest';
import { networkOf } from '../src/login-back-off.ts';
import { guardedBroker } from './guarded-broker.ts';

/** CONNACK of five wrong passwords, which cost nothing yet. */
const fiveWrong = [0x87, 0x87, 0x87, 0x87, 0x87];

function guarded() {
  const world = guardedBroker();
  world.askPasswords();
  return {
    ...world,
    async fail(times: number, user: (time: number) => string, address = '192.0.2.1') {
      const answers: number[] = [];
      for (let time = 0; time < times; time++) answers.push(await world.login(user(time), 'wrong', address));
      return answers;
    },
  };
}

test('an address that guesses has to wait, ever longer', async () => {
  const { fail, login, laboratory } = guarded();
  expect(await fail(6, (time) => `user${time}`)).toEqual([...fiveWrong, 0x87]);
  expect(await login('alice', 'right')).toBe(0x9f);
  await laboratory.advance(1_000);
  expect(await fail(1, () => 'another')).toEqual([0x87]);
  await laboratory.advance(1_000);
  expect(await login('alice', 'right')).toBe(0x9f);
  await laboratory.advance(1_000);
  expect(await login('alice', 'right')).toBe(0);
});

test('a user whose password is guessed from everywhere has to wait', async () => {
  const { login } = guarded();
  for (let time = 1; time <= 6; time++) expect(await login('alice', 'wrong', `192.0.2.${time}`)).toBe(0x87);
  expect(await login('alice', 'right', '198.51.100.1')).toBe(0x9f);
  expect(await login('bob', 'right', '198.51.100.1')).toBe(0);
});

test('others are not made to wait', async () => {
  const { fail, login } = guarded();
  await fail(8, () => 'alice');
  expect(await login('bob', 'right', '198.51.100.1')).toBe(0);
});

test('a login that succeeds forgets the failures before it', async () => {
  const { fail, login } = guarded();
  await fail(5, () => 'alice');
  expect(await login('alice', 'right')).toBe(0);
  expect(await fail(5, () => 'alice')).toEqual(fiveWrong);
  expect(await login('alice', 'right')).toBe(0);
});

test('failures are forgotten after an hour', async () => {
  const { fail, login, laboratory } = guarded();
  await fail(6, () => 'alice');
  await laboratory.advance(3_601_000);
  expect(await fail(5, () => 'alice')).toEqual(fiveWrong);
  expect(await login('alice', 'right')).toBe(0);
});

test('a login that has to wait is not counted as another failure', async () => {
  const { fail, login, laboratory } = guarded();
  await fail(6, () => 'alice');
  for (let time = 0; time < 10; time++) expect(await login('alice', 'wrong')).toBe(0x9f);
  await laboratory.advance(1_000);
  expect(await login('alice', 'right')).toBe(0);
});

test('turned off, nobody has to wait', async () => {
  const { login, askPasswords } = guardedBroker({ backOff: false });
  askPasswords();
  for (let time = 0; time < 10; time++) expect(await login('alice', 'wrong')).toBe(0x87);
  expect(await login('alice', 'right')).toBe(0);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
