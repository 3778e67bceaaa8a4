/**
 * What the model says about a tree, as plain JSON values: the editor's contract (rpc/api.ts) passes
 * them on as they are. Keep this file free of imports, it is compiled for every runtime.
 */

export interface Domain {
  readonly domid: number;
  /** From `/local/domain/<domid>/name`, when there is one. */
  readonly name?: string;
  /** In words, where the hypervisor of a real host tells it; absent for a domain that runs. */
  readonly state?: string;
  /** How it is virtualized, e.g. `PV`; as above. */
  readonly type?: string;
  /** Only the hypervisor has it: there is no `/local/domain/<domid>`. */
  readonly isInStore?: false;
  /** Nothing runs in it and never will: only its nodes are left, or it is dying without nodes, or for too long. */
  readonly isGone?: true;
}

/** What a value means, where that is known from its path. */
export type Meaning =
  /** e.g. `Connected` for `4` in a device's `state`. */
  | { readonly kind: 'state'; readonly text: string }
  | { readonly kind: 'domain'; readonly domid: number; readonly text: string }
  /** The value is the path of a node that exists or could exist: follow it. */
  | { readonly kind: 'path'; readonly path: string }
  /** e.g. `192 MiB` for a number of KiB in `memory/target`. */
  | { readonly kind: 'note'; readonly text: string };

/** One row of the tree. */
export interface NodeRow {
  readonly path: string;
  readonly name: string;
  /** One line of printable text, shortened with `…`; non-printing octets escaped as `\x00`. */
  readonly preview: string;
  readonly valueBytes: number;
  readonly hasChildren: boolean;
  readonly meaning?: Meaning;
  /** Why the row could not be read (e.g. permission denied); the other fields are then empty. */
  readonly unreadable?: string;
}

/** Rows of one directory, by name in natural order (`2` before `10`), so that a node that comes back keeps its place. */
export interface NodePage {
  readonly rows: readonly NodeRow[];
  /** Children in all; more than `rows` when there are further pages. */
  readonly total: number;
}

/** What happened to the parts of a tree that somebody looks at, coalesced to at most 20 batches a second. */
export type TreeChange =
  /**
   * The value, children or meaning of a row that was handed out changed. `fresh`: it did not exist
   * before, and a `children` of its directory follows in the same batch.
   */
  | { readonly kind: 'row'; readonly row: NodeRow; readonly fresh: boolean }
  /** The list of children of an observed directory changed: ask for its pages again. */
  | { readonly kind: 'children'; readonly path: string }
  /** An observed directory is gone, and is observed no longer. */
  | { readonly kind: 'gone'; readonly path: string }
  /** Everything may have changed (after a reconnect): nothing is observed any more, ask again for all that is shown. */
  | { readonly kind: 'all' };

export interface FindQuery {
  /** Plain text, without regard to case, unless `regexp`. */
  readonly text: string;
  readonly regexp: boolean;
  readonly inPaths: boolean;
  readonly inValues: boolean;
  readonly under: string;
  readonly limit: number;
}

export interface FindResult {
  readonly rows: readonly NodeRow[];
  readonly searchedNodes: number;
  /** There are more than `limit` matches. */
  readonly more: boolean;
}
