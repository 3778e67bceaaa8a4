/** The names of states as people say them. */
import { XenbusState } from '../../wire/xenbusState';

const names = Object.keys(XenbusState);

/** `Connected (4)`. */
export function xenbusStateText(state: number): string {
  return `${names[state] ?? 'nonsense'} (${state})`;
}
