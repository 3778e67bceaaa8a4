/** How serious what the doctors say is. */
export type Severity = 'fine' | 'note' | 'warning' | 'error';

const weights: Readonly<Record<Severity, number>> = { fine: 0, note: 1, warning: 2, error: 3 };

/** For `sort`: the most serious first. Stable: the order of the rules stays within one severity. */
export function bySeverity(
  one: { readonly severity: Severity },
  other: { readonly severity: Severity },
): number {
  return weights[other.severity] - weights[one.severity];
}
