/** A named value that a person may look into. */
export interface Field {
  readonly name: string;
  readonly value: string;
  /** The C type, or what kind of thing it is. */
  readonly type?: string;
  /** What `evaluate` takes to give it again. */
  readonly evaluateName?: string;
  /** Where it lies in shared memory, as an address. */
  readonly memoryReference?: string;
  readonly children?: FieldSource;
}

export type FieldSource = () => readonly Field[] | Promise<readonly Field[]>;

export interface Scope {
  readonly name: string;
  /** `registers` for the words of a ring; `arguments` for what was asked. */
  readonly hint: 'arguments' | 'locals' | 'registers';
  /** Takes a while, or asks the store: not to be opened unasked. */
  readonly expensive: boolean;
  readonly fields: FieldSource;
}

/** `42 (0x2a)`: a number as a person and as a header file writes it. */
export function numberText(value: number): string {
  return value < 10 ? String(value) : `${value} (0x${value.toString(16)})`;
}
