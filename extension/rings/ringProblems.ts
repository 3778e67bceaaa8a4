/** What is wrong with one ring, as a text to read: what a click on a problem opens. Knows nothing of VS Code. */
import type { RingFinding } from '../../server/rpc/api';

export const ringScheme = 'xenscope-ring';

export interface RingPlace {
  readonly host: string;
  readonly ring: string;
}

export interface RingText {
  readonly text: string;
  /** For each finding the line that says it, counted from 0. */
  readonly lines: readonly number[];
}

/** `title`: which ring, in words. */
export function ringProblems(title: string, findings: readonly RingFinding[]): RingText {
  const all = [title, ''];
  const lines: number[] = [];
  for (const { severity, rule, text, evidence } of findings) {
    lines.push(all.length);
    all.push(`${severity}: ${text} (rule ${rule})`, ...evidence.map((line) => `    ${line}`), '');
  }
  if (findings.length === 0) all.push('Nothing is wrong with this ring now.', '');
  return { text: all.join('\n'), lines };
}

export function ringOfUri({
  authority,
  path,
}: {
  readonly authority: string;
  readonly path: string;
}): RingPlace {
  return { host: authority, ring: path.replace(/^\//, '') };
}

/** A link that VS Code runs as a command. */
export function openRingLink(place: RingPlace): string {
  return `command:xenscope.ring.open?${encodeURIComponent(JSON.stringify([place]))}`;
}

/** What can be done about a ring, by its name. */
export function ringRemedies(place: RingPlace): { readonly title: string; readonly command: string }[] {
  const open = { title: 'Open Ring', command: 'xenscope.ring.open' };
  const isStore = place.ring.startsWith('xenstore:');
  return isStore ? [open, { title: 'Reconnect Ring…', command: 'xenscope.ring.reconnect' }] : [open];
}
