/** Two columns where there is room, one below the other where there is not. */
import { element } from '../kit';

export function columns(left: readonly HTMLElement[], right: readonly HTMLElement[]): HTMLElement {
  return element('div', { className: 'columns' }, element('div', {}, ...left), element('div', {}, ...right));
}
