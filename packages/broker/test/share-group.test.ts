import { describe, expect, test } from 'vitest';
import { createMessage } from '../src/publishing/broker-message.ts';
import { MadeMessage } from '../src/publishing/content.ts';
import { Router } from '../src/routing/router.ts';
import type { ShareGroup } from '../src/routing/share-group.ts';
import { type Receiver, Subscription } from '../src/routing/subscription.ts';

const content = new MadeMessage(
  createMessage(
    { topic: 'jobs', payload: new Uint8Array(0), qos: 0, retain: false, origin: 'client', publisherId: 'p' },
    0,
  ),
);

function receiverCalled(clientId: string): Receiver {
  return {
    clientId,
    publisherId: clientId,
    mountPoint: '',
    isConnected: true,
    load: 0,
    isStored: false,
    takes: () => true,
    accept: () => {},
    directLine: () => undefined,
  };
}

function memberOf(receiver: Receiver, filter = '$share/workers/jobs'): Subscription {
  return new Subscription(receiver, {
    filter,
    topicFilter: 'jobs',
    shareName: 'workers',
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: undefined,
  });
}

/** A group whose members joined in the order of their names. */
function groupOf(...names: string[]) {
  const router = new Router({ copyPerFilter: false });
  const members = names.map((name) => memberOf(receiverCalled(name)));
  for (const member of members) router.add(member);
  return { router, members };
}

function theGroup(router: Router): ShareGroup {
  const [group, ...others] = router.groups();
  if (group === undefined || others.length > 0) throw new Error('there is one group');
  return group;
}

function namesIn(router: Router): string[] {
  return theGroup(router).members.map(({ receiver }) => receiver.clientId);
}

function turns(router: Router, count: number): (string | undefined)[] {
  const group = theGroup(router);
  return Array.from({ length: count }, () => {
    return group.choose(group.candidates(undefined), content, 'round-robin', null)?.receiver.clientId;
  });
}

describe('the members of a share group', () => {
  test('stay in the order of joining when one in their middle leaves', () => {
    const { router, members } = groupOf('a', 'b', 'c', 'd');
    const [, second] = members;
    if (second !== undefined) router.remove(second);
    expect(namesIn(router)).toEqual(['a', 'c', 'd']);
    expect(turns(router, 4)).toEqual(['c', 'd', 'a', 'c']);
    router.add(memberOf(receiverCalled('b')));
    expect(namesIn(router)).toEqual(['a', 'c', 'd', 'b']);
  });

  test('keep their turn when they subscribe again', () => {
    const { router, members } = groupOf('a', 'b', 'c');
    const [, second] = members;
    if (second === undefined) throw new Error('there are three');
    const again = memberOf(second.receiver);
    router.replace(second, again);
    expect(namesIn(router)).toEqual(['a', 'b', 'c']);
    expect(theGroup(router).members[1]).toBe(again);
    expect(turns(router, 4)).toEqual(['b', 'c', 'a', 'b']);
    // The old one is a member no more: that it leaves changes nothing.
    router.remove(second);
    expect(namesIn(router)).toEqual(['a', 'b', 'c']);
    router.remove(again);
    expect(namesIn(router)).toEqual(['a', 'c']);
  });

  test('may be one session twice, where a plugin rewrites two of its filters to one', () => {
    const { router } = groupOf('a');
    const receiver = receiverCalled('b');
    const [one, two] = [memberOf(receiver, '$share/workers/x'), memberOf(receiver, '$share/workers/y')];
    router.add(one);
    router.add(two);
    expect(namesIn(router)).toEqual(['a', 'b', 'b']);
    router.remove(one);
    expect(namesIn(router)).toEqual(['a', 'b']);
    router.remove(two);
    expect(namesIn(router)).toEqual(['a']);
  });

  test('are gone with the last of them', () => {
    const { router, members } = groupOf('a', 'b');
    for (const member of members) router.remove(member);
    expect([...router.groups()]).toEqual([]);
    expect(router.size).toBe(0);
    expect(router.route('jobs').groups).toEqual([]);
  });
});
