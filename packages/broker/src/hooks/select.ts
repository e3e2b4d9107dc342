import type { SelectSharedEvent } from '@carillon/hooks';
import { integer } from '@carillon/hooks/checks';
import { containSync } from './ask.ts';
import type { ContainedHandler } from './contained-handler.ts';
import { firstAnswerSync } from './first-answer.ts';

/**
 * Compiles `selectShared`: the first answer counts. A handler that fails has picked nobody, so the next is
 * asked and at last the broker's own strategy: no message is lost for a bad choice.
 */
export function compileSelect(
  handlers: readonly ContainedHandler<SelectSharedEvent>[],
): (event: SelectSharedEvent) => number | undefined {
  const asks = handlers.map((handler) =>
    containSync<SelectSharedEvent, number>(handler, {
      read: (answer, { members }) =>
        answer === undefined ? undefined : integer(0, members.length - 1)(answer, 'the answer'),
      failed: () => undefined,
    }),
  );
  return firstAnswerSync(asks, undefined);
}
