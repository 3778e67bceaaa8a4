/** What the extension and the page of a PV Calls device say to each other. */
import type { PvCallsDeviceFrame, PvCallsKnowledge, PvCallsSocketState } from '../../server/rpc/api';

export type ToPvCalls =
  /** Who is at the ends, and what states are called and mean. */
  | {
      readonly kind: 'about';
      readonly device: string;
      readonly host: string;
      readonly hostLabel: string;
      /** `till (15)`. */
      readonly frontend: string;
      readonly backend: string;
      readonly states: Readonly<
        Record<PvCallsSocketState, { readonly icon: string; readonly word: string; readonly meaning: string }>
      >;
      /** How a socket, or a call, came to be known. */
      readonly known: Readonly<Record<PvCallsKnowledge, string>>;
      /** What else can be done here. */
      readonly canCompose: boolean;
      readonly canIntercept: boolean;
    }
  | { readonly kind: 'frame'; readonly frame: PvCallsDeviceFrame }
  /** The person wants to see this socket. */
  | { readonly kind: 'select'; readonly socket: string }
  /** Nothing comes any more, for now: one sentence says why. */
  | { readonly kind: 'away'; readonly text: string };

export type FromPvCalls =
  | { readonly kind: 'ready' }
  /** The view stands still; nothing needs to be sent. */
  | { readonly kind: 'pause'; readonly paused: boolean }
  | { readonly kind: 'showRing'; readonly ring: string }
  | { readonly kind: 'copy'; readonly text: string }
  | { readonly kind: 'showDevice' | 'compose' | 'intercept' };
