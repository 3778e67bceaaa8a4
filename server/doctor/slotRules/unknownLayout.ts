/** A device shares a page, and nobody knows what the page means. */
import { isReadable, ringRule } from '../rule';

export const unknownLayout = ringRule('unknown-layout', (history) => {
  const { page, directions, slots } = history;
  if (page.layout.kind !== 'device' || directions.length > 0 || slots || !isReadable(history))
    return undefined;
  return {
    severity: 'fine',
    text: 'shared; its layout is not known',
    evidence: ['Devices of this class share pages in a way that is not in the tables.'],
  };
});
