/** What is made of the answers of libxenctrl: an error is no answer. */
import assert from 'node:assert/strict';
import { DomainLives } from '../../native/domainLife';
import { domainInfo } from '../../native/libraries/domainInfo';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { XenControl } from '../../native/xenControl';

describe('how domains are', () => {
  /** By domid, their flags: what the library finds. */
  const domains = new Map<number, number>();
  let isBroken = false;
  const lives = new DomainLives(
    controlOf((first, info) => {
      if (isBroken) return -1;
      const next = [...domains.keys()].sort((one, other) => one - other).find((domid) => domid >= first);
      if (next === undefined) return 0;
      info.writeUInt16LE(next, 0);
      info.writeUInt32LE(domains.get(next)!, domainInfo.flagsOffset);
      return 1;
    }),
  );
  beforeEach(() => {
    isBroken = false;
    domains.clear();
    for (const domid of [0, 3, 5]) domains.set(domid, 0);
  });

  it('tells who has ended: the dying, and those whose number is free', () => {
    domains.set(5, domainInfo.flags.dying);
    const ended = [0, 3, 4, 5, 6].map((domid) => lives.hasEnded(domid));
    assert.deepEqual(ended, [false, false, true, true, true]);
  });

  it('tells of nobody that he has ended when the library fails, or shows no domain 0', () => {
    isBroken = true;
    for (const domid of [0, 3, 4]) assert.equal(lives.hasEnded(domid), undefined);
    assert.equal(lives.of(3), undefined);
    isBroken = false;
    domains.delete(0);
    assert.deepEqual([lives.hasEnded(4), lives.hasEnded(3)], [undefined, false]);
  });
});

/** libxenctrl as far as this is asked; the real one answers wrong only when a host is out of memory. */
function controlOf(find: (first: number, info: Buffer) => number): XenControl {
  const control = new XenControl(new XenLibraries());
  const calls = {
    xc_domain_getinfolist: (_handle: unknown, first: number, _max: number, info: Buffer) => find(first, info),
  };
  control.get = () => ({ calls, handle: 1n }) as unknown as ReturnType<XenControl['get']>;
  return control;
}
