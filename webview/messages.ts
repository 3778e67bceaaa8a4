/** What the extension and its webviews say to each other: one union for each direction of each panel. */
import type { Domain, Perm, Preview } from '../server/rpc/api';

export type ToPermissions =
  /** What the store holds now. */
  | {
      readonly kind: 'show';
      readonly path: string;
      readonly hostLabel: string;
      readonly perms: readonly Perm[];
      /** The same in sentences. */
      readonly permsText: readonly string[];
      readonly domains: readonly Domain[];
    }
  /** Answers the `ask` with the same serial. */
  | ({ readonly kind: 'preview'; readonly serial: number } & Preview)
  /** A sentence about what was just done. */
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

export type FromPermissions =
  | { readonly kind: 'ready' }
  /** The draft changed: what would it do? */
  | { readonly kind: 'ask'; readonly serial: number; readonly perms: readonly Perm[] }
  | { readonly kind: 'apply'; readonly perms: readonly Perm[] }
  | { readonly kind: 'copy'; readonly text: string }
  | { readonly kind: 'reload' };
