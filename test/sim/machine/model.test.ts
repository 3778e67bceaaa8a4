/** Random lives of grants on a machine, held against a model that is too simple to be wrong. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { XenscopeError } from '../../../server/host/errors';
import type { Mapped, Shared } from '../../../server/host/grants';
import { PAGE_BYTES } from '../../../server/host/pages';
import type { PagePool } from '../../../server/host/pages';
import type { Machine } from '../../../server/sim/machine/machine';
import type { ProgramPorts } from '../../../server/sim/machine/programPorts';
import { openFilePages } from '../../../native/pages';
import { openProcessPages } from '../../../server/sim/pages';
import { effort, seed } from '../../fuzz/seed';
import { newMachine } from '../../support/machineHost';

const domids = [0, 1, 2];

interface ModelDomain {
  readonly domid: number;
  isAlive: boolean;
}

/** Xenstore and console page, each with its grant and its doorbell. */
const startPagesOf = ({ domid }: ModelDomain) => (domid === 0 ? 1 : 2);

interface ModelProgram {
  readonly domain: ModelDomain;
  readonly ports: ProgramPorts;
  isAlive: boolean;
}

interface ModelShare {
  readonly id: number;
  readonly program: ModelProgram;
  readonly toDomid: number;
  readonly isWritable: boolean;
  readonly real: Shared;
  /** The owner still has it. */
  isKept: boolean;
}

interface ModelMapping {
  readonly program: ModelProgram;
  readonly pages: readonly { readonly share: ModelShare; readonly page: number }[];
  readonly real: Mapped;
  isAlive: boolean;
}

interface MapStep {
  readonly act: 'map';
  readonly by: number;
  readonly of: number;
  readonly picks: readonly number[];
  readonly access: 'read' | 'write';
  readonly isHonest: boolean;
}

type Step =
  | { readonly act: 'share'; readonly by: number; readonly to: number; pages: number; isWritable: boolean }
  | MapStep
  | { readonly act: 'end' | 'unmap'; readonly which: number }
  | { readonly act: 'restart'; readonly by: number }
  | { readonly act: 'destroy'; readonly by: number; readonly sudden: boolean }
  | { readonly act: 'create'; readonly by: number };

const domid = fc.constantFrom(...domids);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('share' as const),
      by: domid,
      to: domid,
      pages: fc.integer({ min: 1, max: 3 }),
      isWritable: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('map' as const),
      by: domid,
      of: domid,
      picks: fc.oneof(fc.tuple(fc.nat(3)), fc.array(fc.nat(5), { minLength: 2, maxLength: 3 })),
      access: fc.constantFrom('read' as const, 'read' as const, 'write' as const),
      isHonest: fc.constantFrom(true, true, true, false),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constantFrom('end' as const, 'unmap' as const), which: fc.nat(30) }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('restart' as const), by: domid }) },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('destroy' as const), by: domid, sudden: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('create' as const), by: domid }) },
);

/** What came of it: the result, or the code of the error. */
function outcome<T>(act: () => T): { readonly value?: T; readonly code?: string } {
  try {
    return { value: act() };
  } catch (error) {
    if (error instanceof XenscopeError) return { code: error.code };
    throw error;
  }
}

class World {
  readonly machine: Machine;
  readonly programs = new Map<number, ModelProgram>();
  readonly shares: ModelShare[] = [];
  readonly mappings: ModelMapping[] = [];

  constructor(pool: PagePool) {
    this.machine = newMachine({ pool });
    for (const domid of domids) this.create(domid);
  }

  do(step: Step): void {
    switch (step.act) {
      case 'share':
        return this.share(step.by, step.to, step.pages, step.isWritable);
      case 'map':
        return this.map(step);
      case 'end':
        return this.end(step.which);
      case 'unmap':
        return this.unmap(step.which);
      case 'restart':
        return this.restart(step.by);
      case 'destroy':
        return this.destroy(step.by, step.sudden);
      case 'create':
        return this.create(step.by);
    }
  }

  create(domid: number): void {
    if (this.programs.get(domid)?.domain.isAlive) return;
    this.machine.createDomain(domid);
    this.begin({ domid, isAlive: true });
  }

  begin(domain: ModelDomain): void {
    this.programs.set(domain.domid, { domain, isAlive: true, ports: this.machine.portsOf(domain.domid) });
  }

  share(by: number, to: number, pages: number, isWritable: boolean): void {
    const program = this.programs.get(by)!;
    const { value, code } = outcome(() => program.ports.grants.share(to, pages, { writable: isWritable }));
    assert.equal(code, program.isAlive ? undefined : 'gone');
    if (!value) return;
    const share: ModelShare = {
      id: this.shares.length + 1,
      program,
      toDomid: to,
      isWritable,
      real: value,
      isKept: true,
    };
    for (let page = 0; page < pages; page++) value.memory.store32(page * PAGE_BYTES, share.id);
    this.shares.push(share);
  }

  /**
   * Picks among all references that this number of a domain ever gave out, the latest first. An
   * honest mapper is the one that the first of them was meant for.
   */
  map({ by: somebody, of, picks, access, isHonest }: MapStep): void {
    const latest = this.shares.filter(({ program }) => program.domain.domid === of).reverse();
    const ever = latest.flatMap(({ real }) => real.grefs);
    if (ever.length === 0) return;
    const meant = latest.find(({ real }) => real.grefs.includes(ever[picks[0]! % ever.length]!))!;
    const by = isHonest ? meant.toDomid : somebody;
    const program = this.programs.get(by)!;
    const grefs = picks.map((pick) => ever[pick % ever.length]!);
    const pages = grefs.map((gref) => this.#granted(of, gref));
    const mayMap = pages.every(
      (page) => page?.share.toDomid === by && (access === 'read' || page.share.isWritable),
    );
    const expected = !program.isAlive ? 'gone' : mayMap ? undefined : 'notOurs';
    const { value, code } = outcome(() => program.ports.grants.map(of, grefs, access));
    assert.equal(code, expected);
    if (!value) return;
    this.mappings.push({ program, pages: pages.map((page) => page!), real: value, isAlive: true });
  }

  end(which: number): void {
    const share = this.shares[which % this.shares.length];
    if (!share) return;
    const { code } = outcome(() => share.real.end());
    if (!share.isKept) return assert.equal(code, undefined);
    assert.equal(code, this.#isMapped(share) ? 'busy' : undefined);
    share.isKept = this.#isMapped(share);
  }

  unmap(which: number): void {
    const mapping = this.mappings[which % this.mappings.length];
    if (!mapping) return;
    mapping.real.unmap();
    mapping.isAlive = false;
  }

  restart(by: number): void {
    const program = this.programs.get(by)!;
    program.ports.close();
    this.#over(program);
    if (program.domain.isAlive) this.begin(program.domain);
  }

  destroy(by: number, sudden: boolean): void {
    const program = this.programs.get(by)!;
    this.machine.destroyDomain(by, { sudden });
    program.domain.isAlive = false;
    this.#over(program);
  }

  check(): void {
    const alive = [...this.programs.values()].filter(({ domain }) => domain.isAlive);
    let pages = alive.reduce((sum, { domain }) => sum + startPagesOf(domain), 0);
    for (const share of this.shares) {
      const isThere = share.isKept || this.#isMapped(share);
      if (isThere) pages += share.real.grefs.length;
      assert.equal(share.real.memory.dead === undefined, share.isKept);
    }
    assert.equal(this.machine.pagesInUse, pages);
    for (const { real, pages, isAlive } of this.mappings) {
      assert.equal(real.memory.dead === undefined, isAlive);
      if (!isAlive) continue;
      pages.forEach(({ share }, at) => assert.equal(real.memory.load32(at * PAGE_BYTES), share.id));
    }
    for (const { domain } of alive) assert.deepEqual(this.machine.usageOf(domain.domid), this.#usage(domain));
    for (const domid of domids)
      assert.deepEqual(sorted(this.machine.holdersOf(domid)), sorted(this.#holders(domid)));
  }

  #over(program: ModelProgram): void {
    program.isAlive = false;
    for (const share of this.shares) if (share.program === program) share.isKept = false;
    for (const mapping of this.mappings) if (mapping.program === program) mapping.isAlive = false;
  }

  #granted(domid: number, gref: number) {
    for (const share of this.shares) {
      const page = share.real.grefs.indexOf(gref);
      if (share.isKept && share.program.domain.domid === domid && page >= 0) return { share, page };
    }
    return undefined;
  }

  /** One page of it, or any. */
  #isMapped(share: ModelShare, page?: number): boolean {
    return this.mappings.some(
      ({ isAlive, pages }) =>
        isAlive && pages.some((each) => each.share === share && (page ?? each.page) === each.page),
    );
  }

  #usage(domain: ModelDomain) {
    const pages = startPagesOf(domain);
    const grants = this.shares
      .filter(({ program }) => program.domain === domain)
      .flatMap((share) => share.real.grefs.filter((_, page) => share.isKept || this.#isMapped(share, page)));
    const mapped = this.mappings.filter(({ isAlive, program }) => isAlive && program.domain === domain);
    const mappedPages = mapped.reduce((sum, mapping) => sum + mapping.pages.length, 0);
    return { grants: grants.length + pages, ports: pages, mappedPages };
  }

  #holders(of: number) {
    return this.mappings
      .filter(({ isAlive, pages }) => isAlive && pages[0]!.share.program.domain.domid === of)
      .map(({ program, pages }) => ({
        domid: program.domain.domid,
        grefs: pages.map(({ share, page }) => share.real.grefs[page]!),
        ownerIsDead: !pages[0]!.share.program.domain.isAlive,
      }));
  }
}

const sorted = (list: readonly object[]) => list.map((entry) => JSON.stringify(entry)).sort();

function holds(openPool: () => PagePool, numRuns: number): void {
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 80, size: 'max' }), (steps) => {
      const pool = openPool();
      try {
        const world = new World(pool);
        for (const each of steps) {
          world.do(each);
          world.check();
        }
        for (const domid of domids) world.destroy(domid, false);
        world.check();
        assert.equal(world.machine.pagesInUse, 0, 'nothing is left over');
      } finally {
        pool.close();
      }
    }),
    { numRuns: numRuns * effort, seed },
  );
}

describe('random lives of grants', () => {
  it('are what a naive model says, and leave nothing behind', () => {
    holds(() => openProcessPages(), 500);
  }).timeout(60_000 * effort);

  if (process.platform === 'linux') {
    it('are so over pages in files', () => {
      holds(() => openFilePages(), 60);
    }).timeout(60_000 * effort);
  }
});
