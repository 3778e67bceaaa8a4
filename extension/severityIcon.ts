/** The icon of a row of which a doctor has something to say. */
export interface RowIcon {
  readonly icon: string;
  readonly color?: string;
}

/** Undefined where nothing is wrong. */
export function severityIcon(
  severity: 'fine' | 'note' | 'warning' | 'error' | undefined,
): RowIcon | undefined {
  switch (severity) {
    case 'error':
      return { icon: 'error', color: 'problemsErrorIcon.foreground' };
    case 'warning':
      return { icon: 'warning', color: 'problemsWarningIcon.foreground' };
    case 'note':
      return { icon: 'info', color: 'problemsInfoIcon.foreground' };
    default:
      return undefined;
  }
}
