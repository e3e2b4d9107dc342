import type { InProcessOptions } from '@carillon/hooks';
import type { Engine } from '../engine.ts';
import { OptionError } from '../options/option-error.ts';

/** From here on the client id is the plugin's, and its session takes what the plugin says. */
export function reserveId({ reservedIds, sessions, router }: Engine, options: InProcessOptions): void {
  const { clientId, part } = options;
  if (part !== undefined) {
    const { of, index } = part;
    if (!Number.isSafeInteger(of) || of < 1) throw new OptionError('part.of', of, 'a whole number above 0');
    if (!Number.isSafeInteger(index) || index < 0 || index >= of) {
      throw new OptionError('part.index', index, `a whole number from 0 to ${of - 1}`);
    }
  }
  const before = reservedIds.get(clientId);
  reservedIds.set(clientId, options);
  const session = sessions.get(clientId);
  if (session === undefined) return;
  session.reservation = options;
  const isSame = before?.part?.of === part?.of && before?.part?.index === part?.index;
  if (!isSame || before?.publisherId !== options.publisherId) router.receiversChanged();
}
