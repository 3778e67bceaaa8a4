/**
 * A layout is a table: one row per field with its C name, byte offset, width and meaning.
 * Readers, writers, hex overlays and documentation are derived from the rows, so that an offset
 * is written down exactly once. All integers are little-endian, as on every machine Xen runs on.
 */

export interface Field {
  /** The name in the C header that the layout follows. */
  readonly name: string;
  readonly offsetBytes: number;
  readonly widthBytes: 1 | 2 | 4 | 8;
  /** What the field says, for hovers and documentation: one sentence. */
  readonly meaning: string;
}

export interface Layout<Name extends string = string> {
  /** The C name of the structure. */
  readonly name: string;
  /** Where the layout comes from, e.g. `xen/include/public/io/xs_wire.h`. */
  readonly source: string;
  readonly sizeBytes: number;
  readonly fields: Readonly<Record<Name, Field>>;
}

type FieldRow = readonly [offsetBytes: number, widthBytes: 1 | 2 | 4 | 8, meaning: string];

export function layout<Name extends string>(
  name: string,
  source: string,
  sizeBytes: number,
  rows: Readonly<Record<Name, FieldRow>>,
): Layout<Name> {
  const entries = Object.entries<FieldRow>(rows).map(([field, [offsetBytes, widthBytes, meaning]]) => [
    field,
    { name: field, offsetBytes, widthBytes, meaning },
  ]);
  return { name, source, sizeBytes, fields: Object.fromEntries(entries) as Record<Name, Field> };
}
