/**
 * C signatures as tables. A table is the one place where a library's functions are written down: from
 * it koffi binds them, TypeScript types them, and a test compares them with the C headers.
 */
import type { Pointer } from '../koffi';

export type { Pointer };

/** The types that are no pointers, by what JavaScript uses for them. */
interface Scalars {
  void: undefined;
  bool: boolean;
  int: number;
  'unsigned int': number;
  uint16_t: number;
  uint32_t: number;
  size_t: number;
  long: number;
  'unsigned long': number;
}

/** Arguments through which C reads or writes an array of ours. It must not keep them after the call. */
interface Arrays {
  'const char *': string;
  'int *': Int32Array;
  'uint32_t *': Uint32Array;
  'unsigned int *': Uint32Array;
  'uint64_t *': BigUint64Array;
  'const xen_pfn_t *': BigUint64Array;
  'struct pollfd *': Uint8Array;
  'struct epoll_event *': Uint8Array;
  'struct xs_permissions *': Uint32Array;
  'const void *': Uint8Array;
  'void *': Uint8Array;
}

export type CType = keyof Scalars | `${string}*`;

/** What is returned, then what is passed, as the header has it. */
export type Signature = readonly [result: CType, ...args: readonly CType[]];

type Result<C> = C extends keyof Scalars ? Scalars[C] : Pointer | null;
type Argument<C> = C extends 'const char *'
  ? string
  : C extends keyof Arrays
    ? Arrays[C] | Pointer | null
    : C extends keyof Scalars
      ? Scalars[C]
      : Pointer | null;
type Arguments<Rest extends readonly unknown[]> = { [Index in keyof Rest]: Argument<Rest[Index]> };

/** A bound function. `async` runs it on a worker of libuv; its errno is to be had within the callback only. */
export type CFunction<S> = S extends readonly [infer R, ...infer A]
  ? ((...args: Arguments<A>) => Result<R>) & {
      async(...args: [...Arguments<A>, (error: unknown, result: Result<R>) => void]): void;
    }
  : never;

export interface LibraryTable {
  /** Without version, e.g. `libxengnttab`. */
  readonly name: string;
  /** The names to try, best first; null is this process itself. A function where they depend on this machine. */
  readonly sonames: readonly (string | null)[] | (() => readonly string[]);
  /** The package of Debian that has it. */
  readonly debianPackage: string;
  /** The header that declares it, for the test that compares; with another one it may need. */
  readonly headers: readonly string[];
  readonly functions: Readonly<Record<string, Signature>>;
}

/** The functions of a table as they can be called. */
export type Bound<T extends LibraryTable> = {
  readonly [Name in keyof T['functions']]: CFunction<T['functions'][Name]>;
};

/** How koffi is told of a type: pointers are addresses, whatever they point to; only text is converted. */
export function koffiType(type: CType): string {
  if (type === 'const char *') return type;
  return type.endsWith('*') ? 'void *' : type;
}
