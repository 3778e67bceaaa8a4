/** One direction: how full its ring is, what passed, and how fast. */
import type { VchanState } from '../../server/rpc/api';
import { element } from '../kit';
import { setNumber } from '../rings/flash';
import { percent } from '../rings/numbers';
import { setText, setTitle } from '../rings/texts';
import { Rates } from './rates';
import { type Ends, countLine, levelText, rateLine, ringHover, wayTitle } from './words';

export class WayView {
  readonly root: HTMLElement;
  private readonly title = element('h2');
  private readonly meter = element('div', { className: 'meter' });
  private readonly fill = element('div', { className: 'fill' });
  private readonly level = element('p', { className: 'used' });
  private readonly rate = element('p');
  private readonly count = element('p', { className: 'dim' });
  private rates = new Rates();
  private isWatched = false;

  constructor(private readonly way: 'sent' | 'received') {
    const swatch = element('span', { className: `swatch ${way}` });
    swatch.setAttribute('aria-hidden', 'true');
    this.meter.setAttribute('role', 'meter');
    this.meter.append(this.fill);
    this.root = element('section', { className: `way ${way}` });
    this.root.append(element('div', { className: 'head' }, swatch, this.title));
    this.root.append(this.meter, this.level, this.rate, this.count);
  }

  /** What was counted is counted anew. */
  begin(): void {
    this.rates = new Rates();
  }

  show(state: VchanState, timeMs: number, ends: Ends): void {
    const level = this.way === 'sent' ? state.output : state.input;
    setText(this.title, wayTitle(this.way, level, ends));
    setTitle(this.title, ringHover);
    this.isWatched = ends.isWatched;
    const text = level ? levelText(level) : 'no ring';
    const used = level?.usedBytes === undefined ? 0 : percent(level.usedBytes, level.sizeBytes);
    setNumber(this.level, text);
    this.level.classList.toggle('bad', level !== undefined && level.usedBytes === undefined);
    this.fill.style.width = `${used}%`;
    const { meter } = this;
    meter.setAttribute('aria-label', `${this.title.textContent}: ${text}`);
    for (const [name, value] of [
      ['min', 0],
      ['max', 100],
      ['now', used],
    ] as const) {
      meter.setAttribute(`aria-value${name}`, String(value));
    }
    setText(this.count, countLine(state, this.way));
    this.rates.add(state[this.way], timeMs);
    this.tick(timeMs);
  }

  /** Time passes, and perhaps nothing else does. */
  tick(timeMs: number): void {
    setText(this.rate, rateLine(this.rates.now(timeMs), this.isWatched ? 'sent' : this.way));
  }
}
