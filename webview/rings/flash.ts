/** A number that changed is coloured softly for a moment, as the names in the tree are. */
import { prefersStillness } from './palette';

const flashMs = 700;
/** What changes all the time glows now and then; it never flickers. */
const leastApartMs = 1_500;

const flashed = new WeakMap<HTMLElement, number>();

/** Sets a text that is a number; one that stays the same is not touched. */
export function setNumber(into: HTMLElement, text: string): void {
  const before = into.textContent;
  if (before === text) return;
  into.textContent = text;
  // The first one is no change.
  if (before !== '' && !prefersStillness()) flash(into);
}

function flash(element: HTMLElement): void {
  const nowMs = performance.now();
  if (nowMs - (flashed.get(element) ?? -Infinity) < leastApartMs) return;
  flashed.set(element, nowMs);
  const style = getComputedStyle(element);
  const color = style.getPropertyValue('--vscode-xenscope-changedForeground').trim();
  if (color !== '')
    element.animate([{ color }, { color: style.color }], { duration: flashMs, easing: 'ease-in' });
}
