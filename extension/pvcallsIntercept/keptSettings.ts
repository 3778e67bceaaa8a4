/** Rules of each backend, as the person left them: kept for all windows, over restarts. */
import type { InterceptRule, InterceptSettings } from '../../server/rpc/api';

/** Of vscode.Memento. */
export interface Kept {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): Thenable<void>;
}

export const maxKeptRules = 100;

export class KeptSettings {
  constructor(private readonly kept: Kept) {}

  /** Never on: what goes wrong for guests is turned on by whoever looks. */
  of(host: string, domid: number): InterceptSettings {
    const value = this.kept.get<unknown>(keyOf(host, domid));
    const { holdsOthers, rules } = (value ?? {}) as Partial<InterceptSettings>;
    return {
      isOn: false,
      holdsOthers: holdsOthers !== false,
      // What another version of ours kept, and is no rule any more, is left out.
      rules: Array.isArray(rules) ? rules.filter(isRule).slice(0, maxKeptRules) : [],
    };
  }

  keep(host: string, domid: number, { holdsOthers, rules }: InterceptSettings): Thenable<void> {
    return this.kept.update(keyOf(host, domid), { holdsOthers, rules });
  }
}

function keyOf(host: string, domid: number): string {
  return `xenscope.pvcalls.intercept.${host}.${domid}`;
}

function isRule(value: unknown): value is InterceptRule {
  const { line, isEnabled } = (value ?? {}) as Partial<InterceptRule>;
  return typeof line === 'string' && typeof isEnabled === 'boolean';
}
