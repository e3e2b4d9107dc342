import { type PublishTemplate, publishTemplate, text } from './frames.ts';
import type { MessagesPlan } from './plan.ts';

/** What a publisher of 5.0 says besides: expiry, content type and a user property, as a sensor might. */
const ordinary = Buffer.concat([
  Buffer.of(0x02, 0, 0, 0x0e, 0x10),
  Buffer.of(0x03),
  text('text/plain'),
  Buffer.of(0x26),
  text('unit'),
  text('celsius'),
]);

/** Alias 1 stands for the publisher's one topic. */
const alias = Buffer.of(0x23, 0, 1);

/** The frame that a publisher repeats and, with aliases, the one before them, which says what the alias stands for. */
export function templatesOf(plan: MessagesPlan, topic: string): [PublishTemplate, first?: PublishTemplate] {
  if (plan.extras === undefined) return [publishTemplate({ ...plan, topic })];
  if (plan.extras === 'properties') return [publishTemplate({ ...plan, topic, properties: ordinary })];
  const properties = Buffer.concat([ordinary, alias]);
  return [
    publishTemplate({ ...plan, topic: '', properties }),
    publishTemplate({ ...plan, topic, properties }),
  ];
}
