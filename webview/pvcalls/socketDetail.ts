/** Everything about the socket that is selected, in sentences. */
import type { PvCallsSocketRow } from '../../server/rpc/api';
import { button, element } from '../kit';
import { ageText, clockText } from '../devices/words';
import { setText } from '../rings/texts';
import type { SocketColumnContext } from './socketColumns';
import { idHover, idText, passedHover, troubleSentences, waitsSentence } from './words';

export class SocketDetail {
  readonly root = element('section', { className: 'detail' });
  private readonly heading = element('h3');
  private readonly lines = element('ul');
  private readonly ringButton;
  private ring: string | undefined;

  constructor(acts: { showRing(ring: string): void }) {
    this.ringButton = button('Open Data Rings', 'secondary', () => {
      if (this.ring !== undefined) acts.showRing(this.ring);
    });
    this.root.setAttribute('aria-label', 'The selected socket');
    this.root.append(this.heading, this.lines, this.ringButton);
    this.root.hidden = true;
  }

  show(row: PvCallsSocketRow | undefined, context: SocketColumnContext): void {
    this.root.hidden = row === undefined;
    if (!row || !context.about) return;
    const words = context.about.states[row.state];
    setText(this.heading, `Socket ${idText(row.id)}: ${words.word}`);
    this.ring = row.rings?.ring;
    this.ringButton.hidden = this.ring === undefined;
    const lines = detailLines(row, context);
    const items = [...this.lines.children] as HTMLElement[];
    while (items.length < lines.length) {
      const item = element('li');
      items.push(item);
      this.lines.append(item);
    }
    for (const item of items.splice(lines.length)) item.remove();
    for (const [at, text] of lines.entries()) setText(items[at]!, text);
  }
}

function detailLines(row: PvCallsSocketRow, { nowMs, about }: SocketColumnContext): readonly string[] {
  const { state, sinceMs, local, remote, backlog, rings, outstanding, failure } = row;
  const lines = [
    `${about!.states[state].meaning} So for ${ageText(nowMs - sinceMs)}, since ${clockText(sinceMs)}.`,
  ];
  if (remote !== undefined) lines.push(`Connected, or to be connected, to ${remote}.`);
  if (local !== undefined)
    lines.push(row.listener === undefined ? `Its own address is ${local}.` : `Accepted at ${local}.`);
  if (backlog !== undefined) lines.push(`Up to ${backlog} connections may wait here to be accepted.`);
  for (const name of ['in', 'out'] as const) {
    const direction = row[name];
    if (direction) lines.push(waitsSentence(name, direction), passedHover(name, direction));
  }
  lines.push(...troubleSentences(row));
  if (failure) lines.push(`That was at ${clockText(failure.timeMs)}.`);
  for (const { cmd, reqId, sinceMs: askedMs } of outstanding) {
    lines.push(`${cmd}, request ${reqId}, waits for its response for ${ageText(nowMs - askedMs)}.`);
  }
  if (rings) {
    const order =
      rings.order === undefined ? '' : `, order ${rings.order}: ${2 ** rings.order} pages of bytes`;
    const draft =
      rings.edition === 'draft7' ? ' The page of indices is laid out as in the draft of 2016.' : '';
    lines.push(
      `Its data rings: page of indices at grant ${rings.ref}, event channel ${rings.evtchn}${order}.${draft}`,
    );
    if (rings.unseen !== undefined) lines.push(rings.unseen);
  }
  lines.push(idHover(row, about!.known));
  return lines;
}
