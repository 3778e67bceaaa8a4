/** What a row of the view “Rings” says, to the eye and to the ear. */
import type { RingDirectionState, RingKind, RingRow, RingVerdict } from '../../server/rpc/api';
import { countOf } from '../values';
import { bar } from './bar';
import { slotsLines, slotsSpoken, slotsText } from './slotTexts';

const kindLabels: Readonly<Record<RingKind, string>> = {
  xenstore: 'xenstore',
  console: 'console',
  vchan: 'vchan',
  device: 'device',
};

/** `xenstore`, `vif 0 tx`. */
export function ringLabel({ kind, device }: Pick<RingRow, 'kind' | 'device'>): string {
  return device?.title ?? kindLabels[kind];
}

/** Of a ring that need not be there any more: the domid in its name, e.g. `xenstore:3`, `vchan:3:8` or `device:3:vif/0/tx`. */
export function ringOwner(ring: string): number {
  return Number(ring.split(':')[1]);
}

/** What a tab of the editor calls it, before its owner. */
export function ringTitle(ring: string): string {
  if (ring.startsWith('console:')) return 'Console';
  if (ring.startsWith('device:')) return deviceTitle(ring);
  return ring.startsWith('vchan:') ? 'Vchan Ring' : 'Ring';
}

/** Of a ring that need not be there any more, by its name: `xenstore`, `vif 0 tx`, `vchan`. */
export function labelOf(ring: string): string {
  const kind = Object.keys(kindLabels).find((name) => ring.startsWith(`${name}:`)) as RingKind | undefined;
  if (kind === 'device') return deviceTitle(ring);
  return kind === undefined ? 'shared' : kindLabels[kind];
}

/** Of which a domain may have several with one label, those of vchans: the grant of its page tells them apart. */
export function grantOf(ring: string): string {
  const [kind, , gref] = ring.split(':');
  return kind === 'vchan' ? `, grant ${gref}` : '';
}

/** As its row calls it: `device:3:vif/0/queue-1-tx` is `vif 0 queue 1 tx`. */
function deviceTitle(ring: string): string {
  return ring.split(':').slice(2).join(':').replace(/[/-]/g, ' ');
}

/** Rounded, but never 0 while something is there, and never 100 while something is free. */
export function percent(used: number, size: number): number {
  if (used <= 0) return 0;
  if (used >= size) return 100;
  return Math.min(99, Math.max(1, Math.round((used * 100) / size)));
}

/** `812 B/s`, `1.2 kB/s`; empty when nothing moves. */
export function rate(bytesPerSecond: number): string {
  if (bytesPerSecond < 0.5) return '';
  if (bytesPerSecond < 1000) return `${Math.round(bytesPerSecond)} B/s`;
  const kilo = bytesPerSecond / 1000;
  if (kilo < 1000) return `${kilo < 10 ? kilo.toFixed(1) : Math.round(kilo)} kB/s`;
  return `${(kilo / 1000).toFixed(1)} MB/s`;
}

function directionText(direction: RingDirectionState): string {
  const { name, usedBytes, sizeBytes, insane, unknown, producedPerSecond } = direction;
  if (insane) return `${name} insane`;
  if (unknown) return `${name} unknown`;
  const parts = [name, bar(usedBytes, sizeBytes), `${percent(usedBytes, sizeBytes)} %`];
  return [...parts, rate(producedPerSecond)].filter((part) => part !== '').join(' ');
}

/** Beside the name of the ring. The verdict comes first: the end of a narrow row is cut off. */
export function ringDescription({ verdict, directions, slots }: RingRow): string {
  // How full it is says nothing where nobody uses it.
  if (verdict.rule === 'not-used') return verdict.text;
  const fill = slots ? [slotsText(slots)] : directions.map(directionText);
  return [verdict.text, ...fill].join(' · ');
}

/** For a screen reader. */
export function ringSpoken(row: RingRow, owner: string): string {
  const { verdict, directions, slots } = row;
  const ring = `${ringLabel(row)} ring of ${owner}, ${verdict.text}`;
  if (verdict.rule === 'not-used') return ring;
  return [ring, ...(slots ? [slotsSpoken(slots)] : directions.map(directionSpoken))].join(', ');
}

function directionSpoken(direction: RingDirectionState): string {
  const { name, usedBytes, sizeBytes, insane, unknown, producedPerSecond } = direction;
  if (insane) return `${name}: indices that cannot be`;
  if (unknown) return `${name}: unknown until it is connected anew`;
  const moving = rate(producedPerSecond);
  return `${name} ${percent(usedBytes, sizeBytes)} percent full${moving && ` at ${moving}`}`;
}

/** What the hover says of the bytes that wait. */
function waitingText({ usedBytes, sizeBytes, insane, unknown }: RingDirectionState): string {
  if (insane) return 'indices that cannot be';
  if (unknown) return 'what waits is unknown until it is connected anew';
  return `${usedBytes} of ${sizeBytes} bytes wait`;
}

/** Of a vchan, which is a stream: several writes may have passed between two looks. */
function writesText({ writesPerSecond = 0 }: RingDirectionState): string {
  return writesPerSecond > 0 ? `, at least ${countOf(writesPerSecond, 'write')}/s` : '';
}

/** The hover, as plain text: what it says comes from guests, and is not to be read as Markdown. */
export function ringTooltip(
  row: RingRow,
  owner: string,
): { readonly title: string; readonly lines: readonly string[] } {
  const { verdict, directions, slots, id } = row;
  const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
  return {
    title: `${ringLabel(row)} ring of ${owner}: ${verdict.text}`,
    lines: [
      ...verdict.evidence,
      ...directions.map((direction) => {
        const { name, producer, consumer, prod, cons } = direction;
        const way = [producer, consumer].map((end) => end.replace(/^the /, '')).join(' → ');
        return `${name}, ${way}: ${waitingText(direction)}${writesText(direction)}, ${name}_prod ${hex(prod)}, ${name}_cons ${hex(cons)}`;
      }),
      ...(slots ? slotsLines(slots) : []),
      ...deviceLines(row),
      `Rule ${verdict.rule}, ring ${id}`,
    ],
  };
}

function deviceLines({ device }: RingRow): string[] {
  if (!device) return [];
  const { backendDomid, grefs, port } = device;
  const pages = grefs.length === 1 ? `grant ${grefs[0]}` : `grants ${grefs.join(', ')}`;
  return [`Lent to domain ${backendDomid}: ${pages}${port === undefined ? '' : `, event channel ${port}`}`];
}

export interface VerdictIcon {
  readonly icon: string;
  readonly color?: string;
}

/** The same signs as the panel shows. */
export function verdictIcon({ severity, rule }: RingVerdict): VerdictIcon {
  // Who left is nothing to worry about, and no tick either.
  if (severity === 'fine' && rule === 'peer-gone') return { icon: 'info', color: 'editorInfo.foreground' };
  if (rule === 'not-used') return { icon: 'circle-slash' };
  switch (severity) {
    case 'fine':
      return rule === 'flowing' ? { icon: 'sync', color: 'testing.iconPassed' } : { icon: 'circle-outline' };
    case 'note':
      return { icon: 'info', color: 'editorInfo.foreground' };
    case 'warning':
      return { icon: 'warning', color: 'list.warningForeground' };
    case 'error':
      return { icon: 'error', color: 'list.errorForeground' };
  }
}

const severities = ['fine', 'note', 'warning', 'error'] as const;

/** Beside the name of a domain: what is worst there, when anything is, in the fewest words: the row below says more. */
export function groupDescription(rings: readonly RingRow[]): string {
  const worst = [...rings].sort(
    (left, right) => severities.indexOf(right.verdict.severity) - severities.indexOf(left.verdict.severity),
  )[0];
  if (!worst || worst.verdict.severity === 'fine') return '';
  return `${ringLabel(worst)}: ${worst.verdict.text.split(/[,:]/, 1)[0]!}`;
}
