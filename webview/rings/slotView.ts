/** A ring of requests and responses on the page: its picture, its numbers, its slots. */
import type { RingSlotsDetail, RingSlotsState } from '../../server/rpc/api';
import { element } from '../kit';
import { setNumber } from './flash';
import type { Palette } from './palette';
import { RingPicture, type PictureWords } from './picture';
import {
  rawSlotIndices,
  sidesText,
  slotCountText,
  slotPicture,
  slotPictureText,
  slotRatesText,
  slotsOccupancyText,
} from './slotNumbers';
import { SlotTable } from './slotTable';
import { setLabel, setText, setTitle } from './texts';

const unreadable = 'By these indices nothing can be told from the slots.';
const explainedAnswer =
  'A slot in flight holds its request until the backend writes the response over it, which nobody sees before it is published.';

export class SlotView {
  readonly root: HTMLElement;
  readonly picture: RingPicture;
  private readonly used = element('p', { className: 'used' });
  private readonly rates = element('p', { className: 'rates' });
  private readonly sides = element('p', { className: 'dim' });
  private readonly counts = element('p', { className: 'dim' });
  private readonly inFlight: SlotTable;
  private readonly answered = new SlotTable('Answered last, newest first', 'No response stands in the ring.');

  constructor({ isPosted }: RingSlotsState, palette: () => Palette, moves: () => boolean) {
    const words: PictureWords = { writes: 'asks', reads: 'answers', isFullFine: isPosted, hasCells: true };
    this.picture = new RingPicture(0, palette, moves, words);
    const swatch = element('span', { className: 'swatch direction0' });
    const title = element('h2', { text: 'Requests: frontend → backend' });
    this.root = element('section', { className: 'direction slotRing' });
    const drawing = element(
      'div',
      {},
      element('div', { className: 'head' }, swatch, title),
      this.picture.canvas,
    );
    drawing.append(this.used, this.rates, this.sides, this.counts);
    this.inFlight = new SlotTable(
      isPosted ? 'Posted, oldest first' : 'In flight, oldest first',
      isPosted ? 'No buffer is posted.' : 'No request is in flight.',
    );
    const note = element('p', { className: 'dim', text: explainedAnswer });
    this.root.append(drawing, element('div', {}, this.inFlight.root, note, this.answered.root));
  }

  show(state: RingSlotsState, detail: RingSlotsDetail): void {
    const raw = rawSlotIndices(state);
    setNumber(this.used, slotsOccupancyText(state));
    this.used.classList.toggle('bad', state.insane);
    setTitle(this.used, raw);
    setNumber(this.rates, slotRatesText(state));
    setText(this.sides, sidesText(state));
    setNumber(this.counts, slotCountText(detail));
    setLabel(this.picture.canvas, slotPictureText(state));
    setTitle(this.picture.canvas, raw);
    this.picture.show(slotPicture(state));
    const reason = state.insane ? unreadable : undefined;
    this.inFlight.show(detail.inFlight, detail.meanings, detail.inFlightLeftOut, reason);
    this.answered.show(detail.answered, detail.meanings, 0, reason);
  }
}
