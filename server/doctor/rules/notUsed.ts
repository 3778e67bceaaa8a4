/** Nobody has ever used the page: a domain that speaks to its daemon in another way, or has not begun. */
import { isReadable, ringRule } from '../rule';

/** Simulated hosts only: elsewhere nobody can see whether an end is bound, and such a page is idle. */
export const notUsed = ringRule('not-used', (history) => {
  if (!isReadable(history) || history.inside === undefined) return undefined;
  if (history.inside.toldServer !== undefined) return undefined;
  if (history.directions.some(({ prod, cons, insane }) => prod !== 0 || cons !== 0 || insane))
    return undefined;
  const { serverName } = history.page.layout;
  return {
    severity: 'fine',
    text: 'not used',
    evidence: [
      `Nobody is bound to the event channel on the side of ${serverName}, and no byte ever passed.`,
      history.page.domid === 0
        ? 'Domain 0 speaks to xenstored in another way: its programs through the socket.'
        : 'The domain may be about to start.',
    ],
  };
});
