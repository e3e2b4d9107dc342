import fc from 'fast-check';

/** Few levels, so that names and filters often meet; among them the empty one, `$` and other scripts. */
const literalLevel = fc.constantFrom(
  '',
  'a',
  'b',
  'ab',
  '$',
  '$SYS',
  '$share',
  'é',
  'e\u0301',
  '😀',
  ' ',
  '\ufeff',
);

const anyLevel = fc.oneof(
  { weight: 8, arbitrary: literalLevel },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => text.replace(/[+#/\0]/g, '-')),
  },
);

/** A valid topic name of up to five levels. */
export const topicNames = fc
  .array(anyLevel, { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((topic) => topic !== '');

/** A valid topic filter of up to five levels, and perhaps `#`; never shared on purpose. */
export const topicFilters = fc
  .tuple(
    fc.array(fc.oneof({ weight: 2, arbitrary: anyLevel }, { weight: 1, arbitrary: fc.constant('+') }), {
      maxLength: 5,
    }),
    fc.boolean(),
  )
  .map(([levels, isOpenEnded]) => [...levels, ...(isOpenEnded ? ['#'] : [])].join('/'))
  .filter((filter) => filter !== '' && !filter.startsWith('$share/'));
