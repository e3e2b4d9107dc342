import type { AclRule } from './acl-rule.ts';
import type { PlaceholderUse } from './placeholders.ts';

/** A rule, where it stands, and how its topic is to be read. */
export interface PlacedRule {
  readonly rule: AclRule;
  /** `line 7`, or `rule 3` of those given as objects. */
  readonly place: string;
  readonly hasPlaceholders: PlaceholderUse;
}
