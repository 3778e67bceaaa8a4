/**
 * What lies in the slots of a generic ring (genericRing.ts), by the kind of device: tables from which
 * the decoder, the panel and the comparison with Xen's headers come. A slot is as long as the longer of
 * request and response; what kind of request it holds, one of its fields says.
 */

export interface SlotField {
  /** The name in the C header, `u.connect.id` and `seg[0].gref` included. */
  readonly name: string;
  /** From the beginning of the slot. */
  readonly offsetBytes: number;
  /** 1, 2, 4 or 8 for numbers; anything for bytes and addresses. */
  readonly widthBytes: number;
  /** What the field says: one sentence. */
  readonly meaning: string;
  /** How its bytes are read; little-endian and without a sign when absent. */
  readonly as?: 'signed' | 'bytes' | 'sockaddr';
  /** What its values are called. */
  readonly names?: Readonly<Record<number, string>>;
  /** What its bits are called, lowest first, by their values. */
  readonly flags?: Readonly<Record<number, string>>;
  /** Of an array of which only the first so many elements are used: the field that counts them, and which element this is. */
  readonly element?: { readonly of: string; readonly index: number };
}

export interface SlotLayout {
  /** The C name of the structure: `struct blkif_request`. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly fields: readonly SlotField[];
}

/** One structure, or several of which the value of a field chooses. */
export interface SlotLayouts {
  readonly usual: SlotLayout;
  /** Where the choosing field lies, and which values mean another structure than the usual one. */
  readonly choice?: {
    readonly offsetBytes: number;
    readonly widthBytes: 1 | 4;
    readonly of: Readonly<Record<number, SlotLayout>>;
  };
}

export interface SlotRing {
  /** As in the C names of the ring: `blkif`, `netif_tx`; with the other ABI told where there are two. */
  readonly name: string;
  /** The header that it follows, e.g. `xen/include/public/io/blkif.h`. */
  readonly source: string;
  readonly slotBytes: number;
  readonly requests: SlotLayouts;
  readonly responses: SlotLayouts;
  /** What one request is, in words: `a request to the disk`. */
  readonly carries: string;
  /** In rest requests lie here unanswered, as buffers that the backend fills when something comes. */
  readonly isPosted?: true;
  /** Some requests are answered only when something happens elsewhere: that one waits long says nothing. */
  readonly mayWait?: true;
  /** Its frontends take every response at once, and ask to be told of the very next: others let some gather. */
  readonly takesAtOnce?: true;
}

type FieldMore = Pick<SlotField, 'as' | 'names' | 'flags' | 'element'>;
export type SlotFieldRow = readonly [
  name: string,
  offsetBytes: number,
  widthBytes: number,
  meaning: string,
  more?: FieldMore,
];

export function slotLayout(name: string, sizeBytes: number, rows: readonly SlotFieldRow[]): SlotLayout {
  const fields = rows.map(([field, offsetBytes, widthBytes, meaning, more]) => ({
    name: field,
    offsetBytes,
    widthBytes,
    meaning,
    ...more,
  }));
  return { name, sizeBytes, fields };
}

/** `count` elements of an array, of which the field `of` says how many are used. */
export function elements(
  of: string,
  count: number,
  rowsOf: (index: number) => readonly SlotFieldRow[],
): SlotFieldRow[] {
  return Array.from({ length: count }, (_, index) =>
    rowsOf(index).map(([name, offset, width, meaning, more]): SlotFieldRow => [
      name,
      offset,
      width,
      meaning,
      { ...more, element: { of, index } },
    ]),
  ).flat();
}

/** All structures that a slot may hold. */
export function layoutsOf({ usual, choice }: SlotLayouts): SlotLayout[] {
  return [usual, ...new Set(Object.values(choice?.of ?? {}))];
}
