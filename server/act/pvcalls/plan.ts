/**
 * What a person opens to send commands of PV Calls by hand, and what is told of it: plain JSON values, free
 * of imports, compiled for every runtime. Numbers of sockets are 64 bits wide and travel as decimal strings.
 */

export type ComposerPlan =
  /** A new device with a command ring of its own, as a toolstack makes it. */
  | {
      readonly kind: 'own';
      /** The domain that has the frontend; absent on a real host, where it is the one that we run in. */
      readonly actAs?: number;
      /** The domain whose backend is asked. */
      readonly backend: number;
      /** The final protocol when absent. */
      readonly edition?: 'final' | 'draft7';
    }
  /** The command ring of somebody else's frontend; simulated hosts only. */
  | {
      readonly kind: 'foreign';
      /** The folder of its frontend, absolute. */
      readonly device: string;
    };

/** A domain that could serve. */
export interface ComposerBackend {
  readonly domid: number;
  /** `unknown`: nothing in the xenstore tells; a device without a backend waits. */
  readonly serves: 'yes' | 'unknown' | 'no';
  /** One sentence: why it is thought so. */
  readonly text: string;
}

/** Somebody else's frontend. */
export interface ComposerForeign {
  /** The folder of the frontend, absolute. */
  readonly device: string;
  readonly domid: number;
  readonly backend: number;
  /** Why nothing can be written into its ring now. */
  readonly problem?: string;
}

export type ComposerCommand = 'socket' | 'connect' | 'release' | 'bind' | 'listen' | 'accept' | 'poll';

/** One command, as a form. */
export interface ComposerForm {
  readonly command: ComposerCommand;
  /** On the wire. */
  readonly number: number;
  /** `CONNECT`. */
  readonly title: string;
  /** A sentence or two: what it does, and what is needed before. */
  readonly help: string;
  readonly fields: readonly ComposerField[];
}

export interface ComposerField {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  /** `number`: decimal, or hexadecimal behind `0x`. `id`: the same, with 64 bits. `bytes`: pairs of hexadecimal digits. */
  readonly kind: 'number' | 'id' | 'address' | 'flag' | 'choice' | 'bytes';
  /**
   * `usual`: checked. `raw`: empty means as it should be; what is written there goes into the slot, or the
   * page, as it stands.
   */
  readonly group: 'usual' | 'raw';
  /** As it is typed; `flag`: `0` or `1`. Absent where the state of the session has a better one (`suggests`). */
  readonly default?: string;
  readonly placeholder?: string;
  /** `choice` only. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  /** Where values come from that make sense: `ComposerState.suggested`, or the sockets that `can` do this command. */
  readonly suggests?: 'newId' | 'socket' | 'connectTo' | 'bindTo' | 'kept';
}

/** What is to be sent. */
export type ComposerDraft =
  /** `fields`: as they were typed, by name; a missing one is empty. */
  | {
      readonly kind: 'fields';
      readonly command: ComposerCommand;
      readonly fields: Readonly<Record<string, string>>;
    }
  /** The 64 bytes of a slot in hexadecimal, spaces and line ends allowed; fewer are filled up with zeros. */
  | { readonly kind: 'raw'; readonly slot: string };

/** What would be sent, or why not. */
export interface ComposerCheck {
  /** One sentence for each field that cannot be sent; `field` is `slot` where it is raw. */
  readonly problems: readonly { readonly field: string; readonly text: string }[];
  /** Things that may be sent, and that a backend should refuse. */
  readonly warnings: readonly { readonly field: string; readonly text: string }[];
  /** On a real host: what it may do to a backend that is not careful. It is sent where a person has agreed. */
  readonly confirm?: string;
  /** The slot in hexadecimal, as far as it is known before; absent where there are problems. */
  readonly slot?: string;
  /** What the slot says, in a sentence. */
  readonly text?: string;
}

export interface ComposerState {
  readonly kind: 'own' | 'foreign';
  /** `ended`: it was open; `failed`: it never was. */
  readonly phase: 'opening' | 'open' | 'closing' | 'ended' | 'failed';
  /** One sentence: what is the matter, and what is waited for. */
  readonly text: string;
  readonly wayOut?: string;
  readonly severity: 'fine' | 'note' | 'warning' | 'error';
  /** Nobody has closed it yet: of one that has ended by itself nodes may be left. */
  readonly canClose: boolean;
  readonly device: ComposerDevice;
  /** Log2 of the largest data rings that the backend offers; absent until that is known. */
  readonly maxOrder?: number;
  /** Slots of the command ring. */
  readonly slots: number;
  /** Requests that the backend has and has not answered. */
  readonly inFlight: number;
  /** Requests that wait for a slot. */
  readonly waiting: number;
  readonly sockets: readonly ComposerSocket[];
  /** Data rings of released sockets that the backend was told to keep as well. */
  readonly kept: readonly ComposerRings[];
  readonly suggested: ComposerSuggestions;
  /** What is wrong with the other side: the last of each kind. */
  readonly findings: readonly { readonly kind: string; readonly text: string; readonly count: number }[];
}

export interface ComposerSuggestions {
  readonly newId: string;
  readonly connectTo: string;
  readonly bindTo: string;
  /** Where guests of the same backend were seen to listen; `connectTo` may be one of them. */
  readonly listeners?: readonly string[];
}

export interface ComposerDevice {
  /** Folders, absolute; of an own one known as soon as its number is. */
  readonly frontend?: string;
  readonly backend?: string;
  /** `Connected`; absent where it cannot be read. */
  readonly frontendState?: string;
  readonly backendState?: string;
  /** The row of its command ring in the list of rings, once it can be seen. */
  readonly ring?: string;
}

export interface ComposerRings {
  /** The grant of the page of indices. */
  readonly ref: number;
  readonly evtchn: number;
  readonly order: number;
}

/** A socket, by what was answered so far. */
export interface ComposerSocket {
  readonly id: string;
  readonly phase: 'made' | 'bound' | 'listening' | 'connected';
  /** `connected to 127.0.0.1:80`, `listening at 0.0.0.0:8080`. */
  readonly text: string;
  /** Commands that make sense at it now. */
  readonly can: readonly ComposerCommand[];
  /** Its console; absent where it is not connected, or its rings are not ours. */
  readonly stream?: ComposerStream;
}

export interface ComposerStream {
  readonly rings: ComposerRings;
  /** The row of its data rings in the list of rings, where it can be told. */
  readonly ring?: string;
  /** One sentence: what is the matter. */
  readonly text: string;
  readonly severity: 'fine' | 'note' | 'warning' | 'error';
  /** Whether what comes is taken out of the ring. */
  readonly reads: boolean;
  /** `ending`: what was written waits to be read. `ended`: nothing more is written from here. */
  readonly sending: 'open' | 'ending' | 'ended';
  /** `ended`: all that will ever come has been read. */
  readonly receiving: 'open' | 'ended';
  readonly sent: ComposerCount;
  readonly received: ComposerCount;
  /** Bytes that were received and left out, because they came faster than they could be told. */
  readonly droppedBytes: number;
  readonly input: ComposerLevel;
  readonly output: ComposerLevel;
}

export interface ComposerCount {
  readonly bytes: number;
  /** How often something was written, or taken out of the ring. */
  readonly pieces: number;
}

export interface ComposerLevel {
  readonly sizeBytes: number;
  /** Absent where the indices cannot be. */
  readonly usedBytes?: number;
  /** The error word of this direction: 0 or a negative errno. */
  readonly error: number;
  /** `ENOTCONN`. */
  readonly errorName?: string;
}

/** One line of the history: a request and what became of it, or a response that nobody asked for. */
export interface ComposerEntry {
  /** Counts the lines of a session from 1. */
  readonly number: number;
  /** Milliseconds since the epoch, of the host's clock: when it was sent, or came. */
  readonly timeMs: number;
  /** `CONNECT`, `command 9`. */
  readonly title: string;
  /** What was asked; absent in a response that nobody asked for. */
  readonly request?: ComposerRequest;
  /**
   * `waiting`: for a slot. `sent`: the backend has it. `gone`: it will never be answered, because the device
   * disconnected, or its socket was released.
   */
  readonly phase: 'waiting' | 'sent' | 'answered' | 'gone' | 'unasked';
  /** One sentence. */
  readonly text: string;
  readonly severity: 'fine' | 'note' | 'warning' | 'error';
  readonly response?: ComposerResponse;
}

export interface ComposerRequest {
  /** As it was sent; can be edited, and sent again. */
  readonly draft: ComposerDraft;
  readonly reqId: number;
  /** The socket, where the command is known. */
  readonly id?: string;
  /** 64 bytes in hexadecimal. */
  readonly slot: string;
}

export interface ComposerResponse {
  readonly reqId: number;
  readonly cmd: number;
  readonly id: string;
  /** 0 or a negative errno. */
  readonly ret: number;
  /** `ECONNREFUSED`; absent for 0, and for numbers without a name. */
  readonly errorName?: string;
  /** What `ret` means, in a clause. */
  readonly meaning: string;
  /** Since the request was in the ring; absent in a response that nobody asked for. */
  readonly latencyMs?: number;
  /** The slot in hexadecimal. */
  readonly slot: string;
}

export type ComposerEnding = 'close' | 'killed';
