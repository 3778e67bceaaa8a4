/** The list of what passed, hexadecimal and text side by side. It stays at its end unless a person scrolled away. */
import { element } from '../kit';
import { type LogEntry, type LogNote, Log, dumpLines } from './log';
import { type Way, bytesText, timeText } from './words';

const icons = { sent: 'arrow-right', received: 'arrow-left', note: 'info' } as const;

export class LogView {
  readonly root = element('section', { className: 'log' });
  private readonly log = new Log();
  private readonly dropped = element('p', { className: 'dim' });
  private readonly list = element('ol');
  private readonly scroll = element('div', { className: 'scroll' });
  /** What each direction is called. */
  names: Readonly<Record<Way, string>> = { sent: 'To the other side', received: 'From the other side' };

  constructor() {
    this.list.setAttribute('aria-label', 'What passed');
    this.scroll.tabIndex = 0;
    this.scroll.setAttribute('role', 'region');
    this.scroll.setAttribute('aria-label', 'What passed');
    this.scroll.append(this.dropped, this.list);
    this.root.append(element('h2', { text: 'What passed' }), this.scroll);
    this.clear();
  }

  add(kind: Way, bytes: Uint8Array, timeMs: number, doubtfulBytes = 0): void {
    const { entry, gone } = this.log.add(kind, bytes, timeMs, doubtfulBytes);
    this.append(this.entryItem(entry), gone);
  }

  note(text: string, timeMs: number): void {
    const { entry, gone } = this.log.note(text, timeMs);
    this.append(this.noteItem(entry), gone);
  }

  clear(): void {
    this.log.clear();
    this.list.replaceChildren();
    this.tellDropped();
  }

  private append(item: HTMLElement, gone: number): void {
    const { scroll } = this;
    const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 24;
    for (let count = 0; count < gone; count++) this.list.firstElementChild?.remove();
    this.list.append(item);
    this.tellDropped();
    if (isAtEnd) scroll.scrollTop = scroll.scrollHeight;
  }

  private tellDropped(): void {
    const { droppedBytes, entries } = this.log;
    this.dropped.textContent =
      droppedBytes > 0
        ? `${bytesText(droppedBytes)} that passed before are not shown any more.`
        : entries.length === 0
          ? 'Nothing has passed yet.'
          : '';
    this.dropped.hidden = this.dropped.textContent === '';
  }

  private entryItem(entry: LogEntry): HTMLElement {
    const { kind, bytes, cutBytes, doubtfulBytes, timeMs } = entry;
    const size = bytesText(bytes.length + cutBytes);
    const cut = cutBytes > 0 ? `, the last ${bytesText(bytes.length)} of them` : '';
    const doubt = doubtfulBytes > 0 ? `, the first ${bytesText(doubtfulBytes)} doubtful` : '';
    const head = this.head(kind, `${this.names[kind]}: ${size}${cut}${doubt}`, timeMs);
    if (doubtfulBytes > 0) head.title = 'The writer may have come round while they were copied.';
    return element('li', { className: kind }, head, element('pre', { text: dumpLines(entry).join('\n') }));
  }

  private noteItem({ text, timeMs }: LogNote): HTMLElement {
    return element('li', { className: 'note' }, this.head('note', text, timeMs));
  }

  private head(kind: Way | 'note', text: string, timeMs: number): HTMLElement {
    const icon = element('span', { className: `codicon codicon-${icons[kind]}` });
    icon.setAttribute('aria-hidden', 'true');
    const time = element('span', { className: 'time', text: timeText(timeMs) });
    return element('div', { className: 'head' }, icon, element('span', { text }), time);
  }
}
