import { definePlugin, deny, type Plugin, ReasonCode } from 'carillon';

/** Keeps Mallory out, and everybody from `forbidden/…`. */
export const gate: Plugin = definePlugin({
  name: 'gate',
  hooks: {
    authenticate: ({ username }) =>
      username === 'mallory' ? deny(ReasonCode.BadUserNameOrPassword, 'we know you') : true,
    authorizePublish: ({ message }) => !message.topic.startsWith('forbidden/'),
    authorizeSubscribe: ({ subscription }) => !subscription.filter.startsWith('forbidden/'),
  },
});

/** Whom the gate keeps out. */
export const mallory = { username: 'mallory', password: 'let me in' };
