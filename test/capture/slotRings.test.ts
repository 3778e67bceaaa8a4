import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Journal } from '../../server/capture/journal';
import { journalLines, readJournalFile } from '../../server/capture/journalFile';
import { PageSampler } from '../../server/capture/pageSampler';
import { recordRings } from '../../server/capture/ringRecorder';
import { ManualClock } from '../sim/manualClock';
import { SlotPage } from '../support/slotPage';

describe('samples of a ring of slots', () => {
  it('count what was asked and answered, exactly, wherever the indices begin', () => {
    const steps = fc.array(fc.tuple(fc.nat(40), fc.nat(40), fc.boolean()), { maxLength: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), steps, (startIndex, all) => {
        const page = new SlotPage({ startIndex });
        const sampler = new PageSampler(page.observed);
        const { slots } = sampler;
        sampler.sample(0);
        let [asked, answered, nowMs] = [0, 0, 0];
        for (const [ask, answer, isLookedAt] of all) {
          asked += page.ask(ask);
          answered += page.answer(answer);
          if (!isLookedAt) continue;
          sampler.sample((nowMs += 10));
          assert.deepEqual(
            [slots!.totalRequests, slots!.totalResponses, slots!.inFlight, slots!.resets],
            [asked, answered, asked - answered, 0],
          );
        }
      }),
    );
  });

  it('reads four words of a ring of many pages, and nothing else', () => {
    const nodes = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`ring-ref${at}`, `${at + 8}`]));
    const page = new SlotPage({ nodes: { 'ring-page-order': '4', ...nodes } });
    const sampler = new PageSampler(page.observed);
    sampler.sample(0);
    page.copiedBytes = 0;
    assert.equal(sampler.sample(1), 'same');
    assert.equal(page.copiedBytes, 16);
    assert.equal(sampler.slots!.layout.slots, 512);
  });

  it('takes any words for what they are, and believes none that cannot be', () => {
    const words = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.array(fc.tuple(words, words), { minLength: 1, maxLength: 20 }), (pairs) => {
        const page = new SlotPage();
        const sampler = new PageSampler(page.observed);
        pairs.forEach(([reqProd, rspProd], at) => {
          page.setWord('req_prod', reqProd);
          page.setWord('rsp_prod', rspProd);
          sampler.sample(at);
          const { slots } = sampler;
          assert.equal(slots!.isInsane, (reqProd - rspProd) >>> 0 > 32);
          assert.ok(slots!.inFlight <= 32);
          assert.deepEqual([slots!.reqProd, slots!.rspProd], [reqProd, rspProd]);
        });
      }),
    );
  });
});

describe('the journal of a ring of slots', () => {
  it('tells of what was published, of indices that cannot be, and not of contents', () => {
    const clock = new ManualClock();
    const journal = new Journal({ clock });
    const page = new SlotPage();
    const sampler = new PageSampler(page.observed);
    const listener = recordRings(journal);
    const look = () => {
      clock.tick(10);
      listener.sampled(sampler, sampler.sample(clock.nowMs()), clock.nowMs());
    };
    look();
    page.ask(3);
    look();
    look();
    page.backendSleeps();
    look();
    page.answer(2);
    look();
    page.setWord('rsp_prod', 40);
    look();
    look();
    page.setWord('rsp_prod', 3);
    look();
    const { entries } = readJournalFile([...journalLines(journal)].join(''));
    assert.deepEqual(
      entries.map((entry) => {
        if (entry.kind === 'slots')
          return `${entry.reqProd}/${entry.rspProd} +${entry.requests} +${entry.responses}`;
        if (entry.kind === 'slotsInsane') return `insane ${entry.reqProd}/${entry.rspProd}`;
        return entry.kind;
      }),
      ['appeared', '3/0 +3 +0', '3/2 +0 +2', 'insane 3/40', '3/3 +0 +1'],
    );
  });
});
