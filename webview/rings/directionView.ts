/** One direction on the page: its ring, its numbers, its packets. */
import type { RingDirectionDetail, RingDirectionState } from '../../server/rpc/api';
import { element } from '../kit';
import { setNumber } from './flash';
import { pictureOf } from './geometry';
import { isReadable, occupancyText, rateText, rawIndices, writeRateText } from './numbers';
import { PacketTable } from './packets';
import type { Palette } from './palette';
import { RingPicture } from './picture';
import { setLabel, setText, setTitle } from './texts';
import {
  countText,
  directionTitle,
  endName,
  packetTitles,
  pictureText,
  unreadableText,
  unseenText,
} from './words';
import type { ShownAs } from './words';

export class DirectionView {
  readonly root: HTMLElement;
  readonly picture: RingPicture;
  private readonly title = element('h2');
  private readonly used = element('p', { className: 'used' });
  private readonly rates = element('p', { className: 'rates' });
  private readonly counts = element('p', { className: 'dim' });
  private readonly queued: PacketTable;
  private readonly consumed: PacketTable;

  constructor(index: 0 | 1, name: string, kind: ShownAs, palette: () => Palette, moves: () => boolean) {
    this.picture = new RingPicture(index, palette, moves);
    const swatch = element('span', { className: `swatch direction${index}` });
    const head = element('div', { className: 'head' }, swatch, this.title);
    this.root = element('section', { className: 'direction' }, head, this.picture.canvas);
    this.root.append(this.used, this.rates, this.counts);
    const [waiting, read] = packetTitles(kind, name);
    this.queued = new PacketTable(kind, waiting, 'Nothing waits.');
    this.consumed = new PacketTable(kind, read, 'Nothing that was read is still in the ring.');
    if (kind === 'unseen') this.root.append(element('p', { className: 'dim', text: unseenText(name) }));
    else this.root.append(this.queued.root, this.consumed.root);
  }

  show(direction: RingDirectionState, detail: RingDirectionDetail): void {
    const raw = rawIndices(direction);
    setText(this.title, directionTitle(direction));
    setNumber(this.used, occupancyText(direction));
    this.used.classList.toggle('bad', direction.insane);
    setTitle(this.used, raw);
    const { producer, consumer, consumedPerSecond } = direction;
    setNumber(
      this.rates,
      `${endName(producer)} writes ${writeRateText(direction)} · ${endName(consumer)} reads ${rateText(consumedPerSecond)}`,
    );
    setNumber(this.counts, countText(detail));
    setLabel(this.picture.canvas, pictureText(direction));
    setTitle(this.picture.canvas, raw);
    this.picture.show(pictureOf(direction));
    const reason = isReadable(direction) ? detail.unreadable : unreadableText(direction);
    this.queued.show(detail.queued, reason);
    this.consumed.show(detail.consumed, reason);
  }
}
