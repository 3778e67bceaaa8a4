/**
 * A ring page that changes under the hands of whoever uses it, and that notes every access which an
 * end of a ring has no business with: outside the bytes of its rings, or in a word of the other side.
 */
import type { SharedMemory } from '../../server/host/memory';
import type { RingSide } from '../../server/store/ring/ringMoves';
import { XS_REQ_OFFSET, XS_RING_BYTES, XS_RING_PAGE, XS_RSP_OFFSET } from '../../server/wire/xsRing';

const { fields } = XS_RING_PAGE;

/** What each end may write. */
const ownWords: Readonly<Record<RingSide, readonly number[]>> = {
  guest: [fields.req_prod, fields.rsp_cons, fields.connection].map(({ offsetBytes }) => offsetBytes),
  server: [
    fields.req_cons,
    fields.req_prod,
    fields.rsp_cons,
    fields.rsp_prod,
    fields.server_features,
    fields.connection,
    fields.error,
  ].map(({ offsetBytes }) => offsetBytes),
};

export class GuardedMemory implements SharedMemory {
  readonly violations: string[] = [];

  /** `change` is called before each access and may alter the page. */
  constructor(
    private readonly page: SharedMemory,
    private readonly side: RingSide,
    private readonly change: () => void,
  ) {}

  get bytes(): number {
    return this.page.bytes;
  }

  get dead(): string | undefined {
    return this.page.dead;
  }

  load32(offset: number): number {
    this.change();
    const isWord = Object.values(fields).some(({ offsetBytes }) => offsetBytes === offset);
    if (!isWord) this.violations.push(`reads a word at ${offset}`);
    return this.page.load32(offset);
  }

  store32(offset: number, value: number): void {
    this.change();
    if (!ownWords[this.side].includes(offset)) this.violations.push(`writes the word at ${offset}`);
    this.page.store32(offset, value);
  }

  load8(offset: number): number {
    this.violations.push(`reads the byte at ${offset}`);
    return this.page.load8(offset);
  }

  store8(offset: number): void {
    this.violations.push(`writes the byte at ${offset}`);
  }

  and8(offset: number): number {
    this.violations.push(`writes the byte at ${offset}`);
    return 0;
  }

  or8(offset: number): number {
    return this.and8(offset);
  }

  copyOut(offset: number, into: Uint8Array): void {
    this.change();
    const from = this.side === 'server' ? XS_REQ_OFFSET : XS_RSP_OFFSET;
    this.#mustLieIn(from, from + XS_RING_BYTES, offset, into.length, 'reads');
    this.page.copyOut(offset, into);
  }

  copyIn(offset: number, from: Uint8Array): void {
    this.change();
    // A server empties both rings at a reconnect.
    const wipes = this.side === 'server' && from.every((byte) => byte === 0xff);
    const begin = this.side === 'server' ? (wipes ? XS_REQ_OFFSET : XS_RSP_OFFSET) : XS_REQ_OFFSET;
    const end = this.side === 'server' ? XS_RSP_OFFSET + XS_RING_BYTES : XS_REQ_OFFSET + XS_RING_BYTES;
    this.#mustLieIn(begin, end, offset, from.length, 'writes');
    this.page.copyIn(offset, from);
  }

  #mustLieIn(begin: number, end: number, offset: number, length: number, does: string): void {
    if (offset >= begin && offset + length <= end) return;
    this.violations.push(`${does} ${length} bytes at ${offset}`);
  }
}
