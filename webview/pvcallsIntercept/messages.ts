/** What the extension and the page that intercepts a backend of PV Calls say to each other. */
import type { CallDecision, ErrnoRow, InterceptNews, InterceptSettings } from '../../server/rpc/api';

export type ToPvCallsIntercept =
  | {
      readonly kind: 'about';
      readonly host: string;
      readonly domid: number;
      /** The backend's domain: `Domain-0 (0)`. */
      readonly backend: string;
      readonly hostLabel: string;
      /** On a real host it is one of ours, which can be opened and closed. */
      readonly isOwn: boolean;
      /** As they were kept; what is on is told by the news. */
      readonly settings: InterceptSettings;
      readonly errors: readonly ErrnoRow[];
    }
  /** `names`: of the domains that it speaks of. */
  | {
      readonly kind: 'news';
      readonly news: InterceptNews;
      readonly names: Readonly<Record<number, string>>;
    }
  /** Nothing comes any more, for now: one sentence says why. */
  | { readonly kind: 'away'; readonly text: string }
  /** Answers the `check` with the same serial. */
  | { readonly kind: 'checked'; readonly serial: number; readonly text: string; readonly isWrong: boolean }
  | { readonly kind: 'said'; readonly text: string; readonly failed: boolean };

export type FromPvCallsIntercept =
  | { readonly kind: 'ready' }
  | { readonly kind: 'set'; readonly settings: InterceptSettings }
  | {
      readonly kind: 'decide';
      readonly call: number;
      readonly decision: CallDecision;
      readonly delayMs: number;
    }
  /** What would this rule do? */
  | { readonly kind: 'check'; readonly serial: number; readonly line: string }
  /** Of our own backend; the extension asks before it opens it. */
  | { readonly kind: 'openBackend' | 'closeBackend' }
  /** It was told to be away: is it still? */
  | { readonly kind: 'retry' };

/** What VS Code keeps of a page over a new start of the window. */
export interface KeptIntercept {
  readonly about?: Extract<ToPvCallsIntercept, { kind: 'about' }>;
  /** A rule that was being typed. */
  readonly newRule?: string;
  readonly errno?: string;
  readonly delayMs?: string;
  readonly peer?: 'echo' | 'sink';
}
