/**
 * The bytes of both rings of a 9pfs device, or of a socket of PV Calls, copied for somebody who has its panel open:
 * they lie in pages of their own, which nobody else looks at. The indices are read before and after, until they agree.
 */
import { maxReadings } from '../../capture/pageSampler';
import type { PageSampler } from '../../capture/pageSampler';
import type { DirectionLayout } from '../../capture/pageLayouts';
import { XenscopeError } from '../../host/errors';
import { indexDistance, ringSpans } from '../../wire/ringIndex';
import { decodeNinep } from './ninepPackets';
import { type Packets, textPackets } from './packets';

/** Of a longer ring the youngest bytes. */
export const maxContentBytes = 64 * 1024;
/** The same of a socket, whose stream is shown as lines of text. */
export const maxSocketBytes = 8 * 1024;
export const maxSocketLines = 64;

export interface FlexPackets extends Packets {
  /** Why nobody can tell what there is, in one sentence. */
  readonly unreadable?: string;
}

const nothing: Packets = { queued: [], consumed: [] };

export class FlexContents {
  readonly #page: PageSampler;
  /** As they were when the words were last seen so. */
  #known: { readonly words: Buffer; readonly packets: readonly Packets[] } | undefined;

  constructor(page: PageSampler) {
    this.#page = page;
  }

  /** By direction; where the bytes cannot be reached, why. */
  read(): readonly FlexPackets[] {
    try {
      return this.#read() ?? this.#page.directions.map(() => nothing);
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      return this.#page.directions.map(() => ({ ...nothing, unreadable: error.message }));
    }
  }

  #read(): readonly Packets[] | undefined {
    let words = this.#words();
    for (let reading = 0; words && reading < maxReadings; reading++) {
      if (this.#known?.words.equals(words)) return this.#known.packets;
      const before = words;
      const layouts = this.#page.directions.map(({ layout }) => layout);
      const copies = layouts.map((layout) => this.#copy(before, layout));
      words = this.#words();
      if (!words?.equals(before)) continue;
      const read = this.#isSocket ? socketText : ninepMessages;
      const packets = layouts.map((layout, which) => decode(before, layout, copies[which], read));
      this.#known = { words, packets };
    }
    // They would not hold still: what was seen last is true of a moment ago.
    return words && this.#known?.packets;
  }

  get #isSocket(): boolean {
    return this.#page.layout.isSocket ?? false;
  }

  #words(): Buffer | undefined {
    const words = Buffer.alloc(this.#page.layout.wordsBytes);
    return this.#page.page.copy(words, this.#page.layout.wordsOffset) ? words : undefined;
  }

  /** The last bytes up to the producer's index; undefined where they cannot be had. */
  #copy(words: Buffer, layout: DirectionLayout): Buffer | undefined {
    const { name, sizeBytes } = layout;
    const { copyRing } = this.#page.page;
    if (!copyRing || (name !== 'in' && name !== 'out')) return undefined;
    const [prod] = indicesOf(words, layout);
    const bytes = Buffer.alloc(Math.min(sizeBytes, this.#isSocket ? maxSocketBytes : maxContentBytes));
    let done = 0;
    for (const { offset, length } of ringSpans(indexDistance(prod, bytes.length), bytes.length, sizeBytes)) {
      if (!this.#page.page.copyRing!(name, bytes.subarray(done, done + length), offset)) return undefined;
      done += length;
    }
    return bytes;
  }
}

/** `bytes` end at the producer's index; the last `waitingBytes` of them wait. */
type Read = (layout: DirectionLayout, bytes: Buffer, prod: number, waitingBytes: number) => Packets;

const ninepMessages: Read = ({ producer }, bytes, prod, waitingBytes) =>
  decodeNinep({ role: producer === 'guest' ? 'request' : 'answer', bytes, prod, waitingBytes });

/**
 * Its indices begin at 0: before the ring was full once, what lies before its first byte was never written, or is left
 * of the socket that had these pages before.
 */
const socketText: Read = ({ sizeBytes }, bytes, prod, waitingBytes) => {
  // One that has just passed 4 GiB hides what it read before that, for a moment.
  const written = prod > sizeBytes ? bytes.length : Math.min(bytes.length, Math.max(prod, waitingBytes));
  const isWhole = written === prod;
  const options = { maxLines: maxSocketLines, isWhole };
  return textPackets(bytes.subarray(bytes.length - written), prod, waitingBytes, options);
};

function decode(words: Buffer, layout: DirectionLayout, bytes: Buffer | undefined, read: Read): Packets {
  const [prod, cons] = indicesOf(words, layout);
  const waitingBytes = indexDistance(prod, cons);
  if (!bytes || waitingBytes > layout.sizeBytes) return nothing;
  // What waits before the bytes that were copied is not looked at.
  return read(layout, bytes, prod, Math.min(waitingBytes, bytes.length));
}

function indicesOf(words: Buffer, { prodOffset, consOffset }: DirectionLayout): [prod: number, cons: number] {
  return [words.readUInt32LE(prodOffset), words.readUInt32LE(consOffset)];
}
