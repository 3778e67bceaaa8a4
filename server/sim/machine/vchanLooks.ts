/**
 * Looks at pages that domains lend each other and that seem to be a vchan's. Nothing on a page says
 * what it is, so its words have to fit, and the grants that it names have to be there. It is found
 * when the other domain maps it: by then its words stand.
 */
import { BufferMemory, copyPart } from '../../host/bufferMemory';
import { XenscopeError } from '../../host/errors';
import type { ObservedPage } from '../../host/observer';
import { PAGE_BYTES } from '../../host/pages';
import type { SharedMemory } from '../../host/memory';
import { VCHAN_GRANTS_OFFSET, VCHAN_PAGE, looksLikeVchan } from '../../wire/vchanPage';
import { vchanRingOffset, vchanRingPages } from '../../wire/vchanRings';
import type { Frames } from './frames';
import type { Grant } from './grantTable';
import { type GrantedView, lookThrough } from './lookThrough';
import type { Lent } from './machine';

const { fields } = VCHAN_PAGE;

interface Look {
  readonly page: ObservedPage;
  readonly frames: Frames;
  close(): void;
}

type RingName = 'left' | 'right';
type Rings = Readonly<
  Record<
    RingName,
    {
      readonly order: number;
      /** Of its pages, where it has some of its own. */ readonly grants: readonly Grant[];
    }
  >
>;

export class VchanLooks {
  readonly #lent: () => readonly Lent[];
  readonly #looks = new Map<string, Look>();

  constructor(lent: () => readonly Lent[]) {
    this.#lent = lent;
  }

  /** Those that are there now; the same objects as before while they stay. */
  pages(): ObservedPage[] {
    this.forgetGone();
    const lent = this.#lent();
    return lent.flatMap((each) => {
      const [grant, second] = each.grants;
      const id = `vchan:${each.ownerDomid}:${grant!.gref}`;
      const known = this.#looks.get(id);
      if (known) return [known.page];
      if (second || grant!.maps === 0) return [];
      const rings = ringsOf(each, lent);
      return rings ? this.#lookIfMapped(id, each, rings) : [];
    });
  }

  forgetGone(): void {
    for (const [id, look] of this.#looks) {
      if (look.frames.memory.dead === undefined) continue;
      look.close();
      this.#looks.delete(id);
    }
  }

  /** One page that cannot be mapped now hides no other; it is tried again with the next look. */
  #lookIfMapped(id: string, lent: Lent, rings: Rings): ObservedPage[] {
    try {
      return [this.#look(id, lent, rings)];
    } catch (error) {
      if (error instanceof XenscopeError) return [];
      throw error;
    }
  }

  #look(id: string, { ownerDomid, toDomid, frames, grants }: Lent, rings: Rings): ObservedPage {
    const { gref } = grants[0]!;
    const view = frames.readOnly();
    const memory = new BufferMemory({ buffer: view.buffer, offset: 0, bytes: PAGE_BYTES }, 'read');
    const views = { left: undefined, right: undefined } as Record<RingName, GrantedView | undefined>;
    const isGone = () => frames.memory.dead !== undefined || memory.dead !== undefined;
    const page: ObservedPage = {
      id,
      kind: 'vchan',
      domid: ownerDomid,
      peerDomid: toDomid,
      gref,
      ringBytes: [2 ** rings.left.order, 2 ** rings.right.order],
      found: `lent to domain ${toDomid} under grant ${gref}, and its words are those of a vchan`,
      copy(into, offset = 0) {
        if (isGone()) return false;
        copyPart(memory, into, offset);
        return true;
      },
      copyRing(name, into, offset) {
        if (name !== 'left' && name !== 'right') return false;
        const { order, grants } = rings[name];
        if (isGone() || grants.some((grant) => grant.frames.memory.dead !== undefined)) return false;
        const inPage = vchanRingOffset(order);
        if (inPage !== undefined) memory.copyOut(inPage + offset, into);
        else (views[name] ??= lookThrough(grants)).memory.copyOut(offset, into);
        return true;
      },
      isRingAtHand: () => true,
    };
    const close = () => {
      memory.revoke(hasEnded);
      view.close();
      for (const ring of Object.values(views)) ring?.close(hasEnded);
    };
    this.#looks.set(id, { page, frames, close });
    return page;
  }
}

const hasEnded = 'The vchan whose page this was has ended.';

/** To the server and to the client, as its page says; undefined when it is no vchan. */
export function ringsOf({ ownerDomid, toDomid, frames }: Lent, lent: readonly Lent[]): Rings | undefined {
  const { memory } = frames;
  if (memory.dead !== undefined) return undefined;
  const words = vchanWords(memory);
  if (!looksLikeVchan(words)) return undefined;
  const others = lent.filter((other) => other.ownerDomid === ownerDomid && other.toDomid === toDomid);
  const known = new Map(others.flatMap(({ grants }) => grants.map((grant) => [grant.gref, grant] as const)));
  let at = VCHAN_GRANTS_OFFSET;
  const ring = (order: number) => {
    const grefs = Array.from({ length: vchanRingPages(order) }, (_, page) => memory.load32(at + 4 * page));
    at += 4 * grefs.length;
    return { order, grants: grefs.flatMap((gref) => known.get(gref) ?? []) };
  };
  const rings = { left: ring(words.leftOrder), right: ring(words.rightOrder) };
  const isWhole = Object.values(rings).every(({ order, grants }) => grants.length === vchanRingPages(order));
  return isWhole ? rings : undefined;
}

function vchanWords(memory: SharedMemory) {
  const orders = memory.load32(fields.left_order.offsetBytes);
  return {
    leftOrder: orders & 0xffff,
    rightOrder: orders >>> 16,
    clientLive: memory.load8(fields.cli_live.offsetBytes),
    serverLive: memory.load8(fields.srv_live.offsetBytes),
  };
}
