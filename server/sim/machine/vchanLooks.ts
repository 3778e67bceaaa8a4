/**
 * Looks at pages that domains lend each other and that seem to be a vchan's. Nothing on a page says
 * what it is, so its words have to fit, and the grants that it names have to be there. It is found
 * when the other domain maps it: by then its words stand.
 */
import { BufferMemory, copyPart } from '../../host/bufferMemory';
import type { ObservedPage } from '../../host/observer';
import { PAGE_BYTES } from '../../host/pages';
import type { SharedMemory } from '../../host/memory';
import { VCHAN_GRANTS_OFFSET, VCHAN_PAGE, looksLikeVchan, vchanGrants } from '../../wire/vchanPage';
import type { Frames } from './frames';
import type { Lent } from './machine';

const { fields } = VCHAN_PAGE;

interface Look {
  readonly page: ObservedPage;
  readonly frames: Frames;
  close(): void;
}

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
      const ringBytes = ringBytesOf(each, lent);
      return ringBytes ? [this.#look(id, each, ringBytes)] : [];
    });
  }

  forgetGone(): void {
    for (const [id, look] of this.#looks) {
      if (look.frames.memory.dead === undefined) continue;
      look.close();
      this.#looks.delete(id);
    }
  }

  #look(
    id: string,
    { ownerDomid, toDomid, frames, grants }: Lent,
    ringBytes: [number, number],
  ): ObservedPage {
    const { gref } = grants[0]!;
    const view = frames.readOnly();
    const memory = new BufferMemory({ buffer: view.buffer, offset: 0, bytes: PAGE_BYTES }, 'read');
    const page: ObservedPage = {
      id,
      kind: 'vchan',
      domid: ownerDomid,
      gref,
      ringBytes,
      found: `lent to domain ${toDomid} under grant ${gref}, and its words are those of a vchan`,
      copy(into, offset = 0) {
        if (frames.memory.dead !== undefined || memory.dead !== undefined) return false;
        copyPart(memory, into, offset);
        return true;
      },
    };
    const close = () => {
      memory.revoke('The vchan whose page this was has ended.');
      view.close();
    };
    this.#looks.set(id, { page, frames, close });
    return page;
  }
}

/** How long its rings are, to the server and to the client; undefined when it is no vchan. */
export function ringBytesOf(
  { ownerDomid, toDomid, frames }: Lent,
  lent: readonly Lent[],
): [number, number] | undefined {
  const { memory } = frames;
  if (memory.dead !== undefined) return undefined;
  const words = vchanWords(memory);
  if (!looksLikeVchan(words)) return undefined;
  const others = lent.filter((other) => other.ownerDomid === ownerDomid && other.toDomid === toDomid);
  const grefs = new Set(others.flatMap(({ grants }) => grants.map(({ gref }) => gref)));
  for (let at = 0; at < vchanGrants(words); at++) {
    if (!grefs.has(memory.load32(VCHAN_GRANTS_OFFSET + 4 * at))) return undefined;
  }
  return [2 ** words.leftOrder, 2 ** words.rightOrder];
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
