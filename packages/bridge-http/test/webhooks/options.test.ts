import { describe, expect, it } from 'vitest';
import { webhooks } from '../../src/index.ts';

const good = { id: 'shop', url: 'https://shop.example/hook', filters: 'in/#' };

/** What is wrong, and what is said of it. */
const mistakes: readonly (readonly [object, string])[] = [
  [{ id: undefined }, 'hooks[0].id is undefined; it must be up to 40 letters'],
  [{ id: 'a/b' }, 'hooks[0].id is a string; it must be up to 40 letters, digits, "_", "-" and "."'],
  [{ url: undefined }, 'hooks[0].url is undefined; it must be the address of the receiver'],
  [{ url: 'shop.example' }, 'hooks[0].url is no address that begins with https:'],
  [{ url: 'ftp://shop.example' }, 'hooks[0].url is no address that begins with https:'],
  [{ url: 'http://shop.example' }, 'hooks[0].url has to begin with https:, or allowHttp has to be true'],
  [
    { url: 'https://ann:pw@shop.example' },
    'hooks[0].url has a user name or a password: they belong into headers',
  ],
  [{ url: 'https://shop.example/#x' }, 'hooks[0].url has a fragment, which is never sent'],
  [{ filters: undefined }, 'hooks[0].filters is missing'],
  [{ filters: [] }, 'hooks[0].filters is missing: it must be a topic filter, or some'],
  [{ filters: ['a', 'b/#/c'] }, 'hooks[0].filters[1] is no topic filter'],
  [{ filters: '$share/g/a' }, 'hooks[0].filters begins with "$share/"'],
  [{ qos: 2 }, 'hooks[0].qos is the number 2; it must be 0 or 1'],
  [{ secret: 'hunter2' }, 'hooks[0].secret cannot be used: it is without "whsec_" at its beginning'],
  [{ secret: 'whsec_***' }, 'hooks[0].secret cannot be used: it is no Base64'],
  [{ secret: [] }, 'hooks[0].secret cannot be used: it is an empty list'],
  [{ secret: [7] }, 'hooks[0].secret cannot be used: it is no text'],
  [{ form: 'xml' }, 'hooks[0].form is a string; it must be "payload" or "json"'],
  [{ headers: { 'a b': 'c' } }, 'a name in hooks[0].headers is a string; it must be the name of a header'],
  [{ headers: { a: 'b\nc' } }, 'hooks[0].headers.a is a string; it must be text that a header can have'],
  [{ headers: { Host: 'x' } }, 'hooks[0].headers.Host cannot be set: the webhook writes it itself'],
  [{ headers: { 'Webhook-Id': 'x' } }, 'hooks[0].headers.Webhook-Id cannot be set'],
  [{ tls: { cert: 'x' } }, 'hooks[0].tls has cert without key'],
  [{ tls: { cert: 'no PEM', key: 'no PEM' } }, 'hooks[0].tls cannot be used'],
  [
    { tls: { servername: 'x' } },
    'there is no hooks[0].tls.servername; there are ca, cert, key, passphrase, serverName',
  ],
  [{ allow: 'private' }, 'hooks[0].allow is a string; it must be "any", "public" or a function'],
  [{ concurrency: 65 }, 'hooks[0].concurrency is the number 65; it must be a whole number from 1 to 64'],
  [{ timeout: 1 }, 'hooks[0].timeout is the number 1'],
  [{ backOff: { minimum: 0 } }, 'hooks[0].backOff.minimum is the number 0'],
  [{ backOff: { minimum: 100, maximum: 10 } }, 'hooks[0].backOff.maximum is less than minimum'],
  [{ deadLetterTopic: 'dead/#' }, 'hooks[0].deadLetterTopic is no topic name'],
  [
    { deadLetterTopic: 'dead', dropUndeliverable: true },
    'hooks[0] has both deadLetterTopic and dropUndeliverable',
  ],
  [{ maximumAttempts: 3 }, 'hooks[0].maximumAttempts says when a message is given up'],
  [{ maximumAge: 3 }, 'hooks[0].maximumAge says when a message is given up'],
  [{ dropUndeliverable: true, maximumAttempts: 0 }, 'hooks[0].maximumAttempts is the number 0'],
  [{ retries: 3 }, 'there is no hooks[0].retries; there are id, url, filters'],
];

describe('Options of a webhook', () => {
  it.each(mistakes)('that cannot be are refused: %j', (wrong, message) => {
    const make = () => webhooks({ hooks: [Object.assign({ ...good }, wrong)] });
    expect(make).toThrow(expect.objectContaining({ name: 'WebhookError', code: 'WEBHOOK_OPTION_INVALID' }));
    expect(make).toThrow(message);
    expect(make).not.toThrow('hunter2');
  });

  it('are refused when they are not those of webhooks at all', () => {
    const make = (options: object) => () => webhooks(options);
    expect(make([])).toThrow('webhooks: (all of them) is an array; it must be an object with hooks');
    expect(make({ hooks: {} })).toThrow('webhooks: hooks is an object; it must be a list of webhooks');
    expect(make({ hooks: [null] })).toThrow(
      'webhooks: hooks[0] is null; it must be an object with id, url, filters',
    );
    expect(make({ systemTopicInterval: -1 })).toThrow('webhooks: systemTopicInterval is the number -1');
    expect(make({ hook: [] })).toThrow('webhooks: there is no hook; there are hooks, systemTopicInterval');
    expect(() => webhooks({ hooks: [good, good] })).toThrow('there is a webhook "shop" already');
  });

  it('may be http: on this machine, and elsewhere where that is allowed', () => {
    const urls = ['http://localhost/a', 'http://127.0.0.1:1/a', 'http://[::1]/a'];
    for (const url of urls) expect(() => webhooks({ hooks: [{ ...good, url }] })).not.toThrow();
    const url = 'http://shop.example/a';
    expect(() => webhooks({ hooks: [{ ...good, url, allowHttp: true }] })).not.toThrow();
  });
});
