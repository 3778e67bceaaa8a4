/** Rules in their order: the first that fits decides. Lines that are wrong stay in the list, and decide nothing. */
import type { InterceptRule, InterceptRuleState } from '../../host/callInterceptor';
import { XenscopeError } from '../../host/errors';
import { parseRule, ruleMatches } from './rules';
import type { CallRule, ParsedRule, RuledCall } from './rules';
import { ruleText } from './words';

export const maxRules = 100;

interface Entry extends InterceptRule {
  readonly parsed: ParsedRule;
  hits: number;
}

export class RuleList {
  readonly #entries: readonly Entry[];

  /** What a line of `before` has decided is counted on. Throws a XenscopeError `limit`. */
  constructor(rules: readonly InterceptRule[], before?: RuleList) {
    if (rules.length > maxRules) {
      throw new XenscopeError('limit', `There can be ${maxRules} rules, and these are ${rules.length}.`, {
        wayOut: 'Remove some; one rule can be about several commands and a range of ports.',
      });
    }
    const old = before ? [...before.#entries] : [];
    this.#entries = rules.map(({ line, isEnabled }) => {
      const place = old.findIndex((entry) => entry.line === line);
      const [same] = place < 0 ? [] : old.splice(place, 1);
      return { line, isEnabled, parsed: same?.parsed ?? parseRule(line), hits: same?.hits ?? 0 };
    });
  }

  /** The rule for this call, whose hit is counted; undefined where none is about it. */
  decide(call: RuledCall): { readonly rule: CallRule; readonly line: string } | undefined {
    for (const entry of this.#entries) {
      const { parsed, isEnabled, line } = entry;
      if (!isEnabled || parsed.kind === 'wrong') continue;
      const { rule } = parsed;
      if (rule.times !== undefined && entry.hits >= rule.times) continue;
      if (!ruleMatches(rule.match, call)) continue;
      entry.hits++;
      return { rule, line };
    }
    return undefined;
  }

  states(): InterceptRuleState[] {
    return this.#entries.map(({ line, isEnabled, parsed, hits }) => ({
      line,
      isEnabled,
      text: parsed.kind === 'rule' ? ruleText(parsed.rule) : `${parsed.problem} ${parsed.wayOut}`,
      isWrong: parsed.kind === 'wrong',
      hits,
    }));
  }

  enabledLines(): string[] {
    return this.#entries.filter(({ isEnabled }) => isEnabled).map(({ line }) => line);
  }
}
