/** Ring pages of a test under a RingWatch whose clock the test moves. */
import { diagnose } from '../../../server/doctor/doctor';
import type { RingsFrame, RingView } from '../../../server/model/rings/ringTypes';
import { RingWatch } from '../../../server/model/rings/ringWatch';
import { ManualClock } from '../../sim/manualClock';
import { ObservedRingPage, PageObserver } from '../../support/observedPage';
import { rawFrame } from '../../support/rawConnection';

export function watchRings({
  kinds = ['xenstore', 'console'] as ('xenstore' | 'console' | 'vchan')[],
  startIndex = 0,
} = {}) {
  const pages = kinds.map((kind, at) => new ObservedRingPage({ kind, domid: at + 1, startIndex }));
  const clock = new ManualClock();
  const observer = new PageObserver(pages.map((page) => page.observed));
  let isHeld = false;
  const watch = new RingWatch({ observer, clock, judge: diagnose, isHeld: () => isHeld });
  const frames: RingsFrame[] = [];
  return {
    pages,
    page: pages[0]!,
    clock,
    observer,
    watch,
    frames,
    hold: (held: boolean) => (isHeld = held),
    subscribe: (intervalMs = 100) => watch.subscribe((frame) => frames.push(frame), { intervalMs }),
    last: () => frames.at(-1)!,
  };
}

export const read = (reqId: number, path = '/local/domain/3/name') =>
  rawFrame({ type: 'READ', reqId, payload: `${path}|` });
/** Types and request ids, which tell packets apart. */
export const short = ({ queued, consumed }: RingView['details'][number]) => ({
  queued: queued.map(({ type, reqId }) => `${type} ${reqId}`),
  consumed: consumed.map(({ type, reqId }) => `${type} ${reqId}`),
});
