/** What the extension and the page of the command composer say to each other. */
import type {
  ComposerCheck,
  ComposerDraft,
  ComposerForm,
  ComposerLayouts,
  ComposerNews,
  ComposerPlan,
} from '../../server/rpc/api';

/** A form that was saved under a name. Of its fields those that were typed: the others are suggested anew. */
export interface Favourite {
  readonly name: string;
  readonly draft: ComposerDraft;
}

export type ToPvCallsComposer =
  /** Whose command ring this is, and what the guard said of it. */
  | {
      readonly kind: 'about';
      readonly host: string;
      readonly hostLabel: string;
      readonly simulated: boolean;
      readonly plan: ComposerPlan;
      /** `web (3)`. */
      readonly frontend: string;
      readonly backend: string;
      readonly lines: readonly string[];
    }
  /** What can be sent, and what the bytes of a slot are. */
  | { readonly kind: 'catalog'; readonly forms: readonly ComposerForm[]; readonly layouts: ComposerLayouts }
  /** A session begins, the first or another one. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'news'; readonly news: ComposerNews }
  /** Nothing comes any more: the session is over. */
  | { readonly kind: 'away'; readonly text: string }
  /** Answers the `check` with the same serial; `problem`: why nobody can say. */
  | {
      readonly kind: 'checked';
      readonly serial: number;
      readonly check?: ComposerCheck;
      readonly problem?: string;
    }
  /**
   * Answers the `call` with the same serial: it is on its way as this line of the history, or why not. Neither:
   * the person was asked, and thought better of it.
   */
  | {
      readonly kind: 'called';
      readonly serial: number;
      readonly number?: number;
      readonly problem?: string;
    }
  | { readonly kind: 'favourites'; readonly favourites: readonly Favourite[] }
  /** So much was written into the ring `out` of a socket, as it is shown in its log: of a long piece its end. */
  | {
      readonly kind: 'wrote';
      readonly id: string;
      readonly timeMs: number;
      readonly bytes: string;
      readonly leftOutBytes: number;
    }
  /** How far a file has come. */
  | { readonly kind: 'sending'; readonly id: string; readonly text: string }
  /** A send is over. `serial` as it was asked for; absent for a file. `isStopped`: by the person. */
  | {
      readonly kind: 'sent';
      readonly id: string;
      readonly serial?: number;
      readonly text: string;
      readonly problem?: string;
      readonly isStopped?: true;
    }
  | { readonly kind: 'recording'; readonly id: string; readonly file?: string }
  /** The console of this socket is to be shown. */
  | { readonly kind: 'showSocket'; readonly id: string }
  /** `id`: of what was done at this socket. */
  | { readonly kind: 'said'; readonly id?: string; readonly text: string; readonly failed: boolean };

/** What is done at one connected socket. */
export type AtSocket =
  | { readonly what: 'send'; readonly serial: number; readonly bytes: string }
  | { readonly what: 'reading'; readonly reads: boolean }
  | {
      readonly what:
        | 'sendFile'
        | 'stopSending'
        | 'endSending'
        | 'release'
        | 'releaseAndKeep'
        | 'abandon'
        | 'record'
        | 'stopRecording';
    };

export type FromPvCallsComposer =
  | { readonly kind: 'ready' }
  /** The form changed: what would be sent? */
  | { readonly kind: 'check'; readonly serial: number; readonly draft: ComposerDraft }
  | { readonly kind: 'call'; readonly serial: number; readonly draft: ComposerDraft }
  /** The extension asks for the name. */
  | { readonly kind: 'saveFavourite'; readonly draft: ComposerDraft }
  | { readonly kind: 'renameFavourite' | 'removeFavourite'; readonly name: string }
  | { readonly kind: 'showRing'; readonly ring: string }
  | { readonly kind: 'showDevice' | 'showObserved' | 'close' | 'kill' | 'reopen' }
  | { readonly kind: 'atSocket'; readonly id: string; readonly act: AtSocket };

/** What VS Code keeps of a page over a new start of the window, as far as the extension reads it. */
export interface KeptComposer {
  readonly about?: Extract<ToPvCallsComposer, { kind: 'about' }>;
}
