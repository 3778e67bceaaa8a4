/** One direction: how full its ring is, what passed, and how fast. */
import { element } from '../kit';
import { setNumber } from '../rings/flash';
import { setText, setTitle } from '../rings/texts';
import { type Count, Rates } from './rates';
import { type Way, rateLine } from './words';

export interface WayShown {
  readonly title: string;
  readonly hover: string;
  /** How full its ring is, in words. */
  readonly level: string;
  readonly usedPercent: number;
  /** Its indices cannot be. */
  readonly isBad: boolean;
  readonly count: Count;
  readonly countLine: string;
  /** What was counted as a message. */
  readonly once: 'write' | 'read';
}

export class WayView {
  readonly root: HTMLElement;
  private readonly title = element('h2');
  private readonly meter = element('div', { className: 'meter' });
  private readonly fill = element('div', { className: 'fill' });
  private readonly level = element('p', { className: 'used' });
  private readonly rate = element('p');
  private readonly count = element('p', { className: 'dim' });
  private rates = new Rates();
  private once: WayShown['once'] = 'write';

  constructor(way: Way) {
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

  show(shown: WayShown, timeMs: number): void {
    const { title, hover, level, usedPercent, isBad, count, countLine, once } = shown;
    setText(this.title, title);
    setTitle(this.title, hover);
    this.once = once;
    setNumber(this.level, level);
    this.level.classList.toggle('bad', isBad);
    this.fill.style.width = `${usedPercent}%`;
    const { meter } = this;
    meter.setAttribute('aria-label', `${title}: ${level}`);
    for (const [name, value] of [
      ['min', 0],
      ['max', 100],
      ['now', usedPercent],
    ] as const) {
      meter.setAttribute(`aria-value${name}`, String(value));
    }
    setText(this.count, countLine);
    this.rates.add(count, timeMs);
    this.tick(timeMs);
  }

  /** Time passes, and perhaps nothing else does. */
  tick(timeMs: number): void {
    setText(this.rate, rateLine(this.rates.now(timeMs), this.once));
  }
}
