/** What an editor shows of rules and errors before anything is decided by them. */
import { parseRule } from '../pvcalls/intercept/rules';
import { ruleText } from '../pvcalls/intercept/words';
import { pvcallsErrors } from '../wire/pvcalls/errno';
import type { ErrnoRow, RuleCheck } from './ruleCheck';

export function checkRule(line: string): RuleCheck {
  const parsed = parseRule(line);
  if (parsed.kind === 'rule') return { text: ruleText(parsed.rule), isWrong: false };
  return { text: `${parsed.problem} ${parsed.wayOut}`, isWrong: true };
}

/** In the order of their numbers. */
export function errnoRows(): ErrnoRow[] {
  return Object.entries(pvcallsErrors).map(([name, { errno, text }]) => ({ name, ret: -errno, text }));
}
