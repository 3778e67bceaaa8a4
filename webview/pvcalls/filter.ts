/** Which sockets a person's filter lets through. */
import type { PvCallsSocketRow } from '../../server/rpc/api';
import { idText, troubleText } from './words';

/** Every word has to be found somewhere in what the row says, without regard to case. */
export function matches(row: PvCallsSocketRow, stateWord: string, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { id, local, remote, outstanding } = row;
  const said = [
    id,
    id === undefined ? undefined : idText(id),
    stateWord,
    local,
    remote,
    ...outstanding.map(({ cmd }) => cmd),
    troubleText(row),
  ];
  const text = said.filter(Boolean).join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}
