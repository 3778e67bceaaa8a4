/** What the page keeps over a new start of the window. */
import type { Draft } from '../console/composer';
import type { FormDraft } from './draft';
import type { HistoryLine } from './history';
import type { KeptComposer, ToPvCallsComposer } from './messages';

export interface KeptPage extends KeptComposer {
  readonly catalog?: Extract<ToPvCallsComposer, { kind: 'catalog' }>;
  readonly draft?: FormDraft;
  /** How many sessions the panel has had. */
  readonly session?: number;
  readonly history?: readonly HistoryLine[];
  /** The bytes of a request and its response are unfolded. */
  readonly showsSlots?: boolean;
  /** What was typed into the consoles of sockets. */
  readonly consoleDrafts?: Readonly<Record<string, Draft>>;
}

/** Each line has its slots: all of them are much to be written with every answer. */
const maxKeptLines = 50;

export function keptHistory(lines: readonly HistoryLine[]): readonly HistoryLine[] {
  return lines.slice(-maxKeptLines);
}
