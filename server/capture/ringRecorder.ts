/** Writes what a sampler sees of rings into a journal: movements, messages, notifications, state words. */
import type { Journal, JournalSource } from './journal';
import { sentRole } from './journalEntry';
import type { DirectionSampler } from './directionSampler';
import type { PageSampler, SampleResult } from './pageSampler';
import { isIndexWord } from './pageLayouts';
import { Reassembly } from './reassembly';
import type { SampleListener } from './sampler';

export function recordRings(journal: Journal): SampleListener {
  const pages = new Map<PageSampler, PageRecorder>();
  return {
    sampled(page, result) {
      if (result === 'gone') {
        pages.get(page)?.gone();
        pages.delete(page);
        return;
      }
      let recorder = pages.get(page);
      if (!recorder) {
        recorder = new PageRecorder(journal, page);
        pages.set(page, recorder);
      }
      recorder.sampled(result);
    },
  };
}

class PageRecorder {
  readonly #journal: Journal;
  readonly #page: PageSampler;
  readonly #source: JournalSource;
  readonly #streams: readonly (Reassembly | undefined)[];
  readonly #states = new Map<string, number>();
  readonly #wasInsane = [false, false];
  #wereSlotsInsane = false;
  #toldServer: number | undefined;
  #toldGuest: number | undefined;

  constructor(journal: Journal, page: PageSampler) {
    this.#journal = journal;
    this.#page = page;
    this.#source = journal.source(page.page.domid, page.page.id);
    journal.add(this.#source, { kind: 'appeared', layer: 'ring', text: page.page.found });
    this.#streams = page.directions.map((direction) => this.#stream(direction));
  }

  gone(): void {
    this.#journal.add(this.#source, { kind: 'gone', layer: 'ring' });
    this.#journal.end(this.#source);
  }

  sampled(result: SampleResult): void {
    this.#notifications();
    if (result !== 'moved') return;
    this.#stateWords();
    this.#page.directions.forEach((direction, which) => this.#direction(direction, which));
    this.#slots();
  }

  /** The contents of slots are not recorded: what they speak of lies in pages of its own. */
  #slots(): void {
    const { slots } = this.#page;
    if (!slots) return;
    const { result, reqProd, rspProd, requests, responses } = slots;
    const pair = { layer: 'ring', reqProd, rspProd } as const;
    if (result === 'moved') this.#journal.add(this.#source, { kind: 'slots', ...pair, requests, responses });
    if (result === 'reset') this.#journal.add(this.#source, { kind: 'slotsReset', ...pair });
    if (result === 'insane' && !this.#wereSlotsInsane) {
      this.#journal.add(this.#source, { kind: 'slotsInsane', ...pair });
    }
    this.#wereSlotsInsane = result === 'insane';
  }

  #direction(direction: DirectionSampler, which: number): void {
    const { counter, result, unseenBytes } = direction;
    const { name } = direction.layout;
    const stream = this.#streams[which];
    if (this.#page.isReconnecting) {
      stream?.restart();
      return;
    }
    if (result === 'insane' && !this.#wasInsane[which]) {
      const { readProd: prod, readCons: cons } = counter;
      this.#journal.add(this.#source, { kind: 'insane', layer: 'ring', direction: name, prod, cons });
    }
    this.#wasInsane[which] = result === 'insane';
    const { prod, cons, producedBytes, consumedBytes } = counter;
    if (result === 'reset') {
      stream?.restart();
      this.#journal.add(this.#source, { kind: 'reset', layer: 'ring', direction: name, prod, cons });
    }
    if (result === 'moved') {
      const moved = { direction: name, prod, cons, producedBytes, consumedBytes, unseenBytes };
      this.#journal.add(this.#source, { kind: 'movement', layer: 'ring', ...moved });
    }
    if (unseenBytes > 0) stream?.gap(unseenBytes);
    if (!stream) return;
    if (direction.freshBytes === 0 && counter.usedBytes === 0) stream.rest();
    direction.eachFresh(this.#page.bytes, (bytes, start, end, isSure) =>
      stream.push(bytes, start, end, isSure),
    );
  }

  #stateWords(): void {
    const { fields } = this.#page.layout.layout;
    for (const field of Object.values(fields)) {
      const { name } = field;
      if (isIndexWord(name)) continue;
      const after = this.#page.field(field);
      const before = this.#states.get(name);
      if (before === after) continue;
      this.#states.set(name, after);
      this.#journal.add(this.#source, { kind: 'state', layer: 'ring', word: name, before, after });
    }
  }

  #notifications(): void {
    const { inside } = this.#page.page;
    if (!inside) return;
    this.#told('server', this.#toldServer, inside.toldServer);
    this.#told('guest', this.#toldGuest, inside.toldGuest);
    this.#toldServer = inside.toldServer;
    this.#toldGuest = inside.toldGuest;
  }

  #told(to: 'server' | 'guest', before: number | undefined, now: number | undefined): void {
    if (before === undefined || now === undefined || now <= before) return;
    this.#journal.add(this.#source, { kind: 'notify', layer: 'ring', to, times: now - before });
  }

  #stream({ layout }: DirectionSampler): Reassembly | undefined {
    if (this.#page.layout.carries !== 'messages') return undefined;
    const role = layout.producer === 'guest' ? 'request' : 'reply';
    return new Reassembly({
      role,
      isAtBoundary: false,
      listener: {
        message: (bytes, start, end, isSure) => {
          const what = role === 'reply' ? sentRole(bytes, start) : role;
          this.#journal.addMessage(this.#source, 'ring', what, !isSure, bytes, start, end);
        },
        lost: (lostBytes, reason) =>
          void this.#journal.add(this.#source, { kind: 'lost', layer: 'ring', role, lostBytes, reason }),
      },
    });
  }
}
