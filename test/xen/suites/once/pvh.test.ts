/** A guest with its own page tables (PVH): where it keeps its rings is a parameter that the domain builder set. */
import assert from 'node:assert/strict';
import { DomainLives } from '../../../../native/domainLife';
import { XenControl } from '../../../../native/xenControl';
import { ForeignMemory, hvmParams } from '../../../../native/foreignMemory';
import { NativeGrants } from '../../../../native/grants';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import { mapRing } from '../../../../native/observer/ringPages';
import { PAGE_BYTES } from '../../../../server/host/pages';
import { eventually, output } from '../../support/dom0';

describe('a PVH guest', () => {
  const libraries = new XenLibraries();
  const foreign = new ForeignMemory(libraries);
  const grants = new NativeGrants({ libraries });
  const lives = new DomainLives(new XenControl(libraries));
  let domid: number;

  before(async () => {
    // It need not live: its pages are there before its first step. Without a time of its own, for QEMU
    // emulates no RDTSCP for it.
    const settings = ['name = "pvh"', 'type = "pvh"', 'tsc_mode = "native"'];
    await output('xl', 'create', '-p', '/machine/guest.cfg', settings.join(';'));
    domid = Number(await output('xl', 'domid', 'pvh'));
  });
  after(async () => {
    foreign.close();
    grants.close();
    await output('xl', 'destroy', 'pvh');
    await eventually(() => lives.of(domid) === undefined);
    lives.close();
  });

  it('is told as one', () => {
    assert.deepEqual(lives.of(domid), { domid, state: 'paused', type: 'PVH' });
    assert.equal(lives.of(0)!.type, 'PV');
  });

  it('shows its rings by grant and by frame, byte for byte the same', () => {
    for (const kind of ['xenstore', 'console'] as const) {
      const place = { kind, domid, frame: undefined };
      const ways = [mapRing({ grants, foreign }, place), mapRing({ grants: undefined, foreign }, place)];
      const param = kind === 'xenstore' ? hvmParams.storeFrame : hvmParams.consoleFrame;
      assert.match(ways[0]!.found, /through its grant [01]/);
      assert.match(ways[1]!.found, new RegExp(`by its frame 0x[0-9a-f]+, of HVM parameter ${param}`));
      const [first, second] = ways.map(({ memory, unmap }) => {
        const bytes = Buffer.alloc(PAGE_BYTES);
        memory.copyOut(0, bytes);
        unmap();
        return bytes;
      });
      assert.deepEqual(first, second);
    }
  });
});
