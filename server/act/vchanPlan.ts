/** An end of a vchan that a person wants to open: a plain value, free of imports, compiled for every runtime. */
export interface VchanPlan {
  readonly role: 'server' | 'client';
  /** The domain whose program we are; absent on a real host, where it is the one that we run in. */
  readonly actAs?: number;
  /** The domain of the other end. */
  readonly peer: number;
  /** The folder of the nodes: absolute, or relative to the domain that we are. */
  readonly path: string;
  /** Server only: the least that the ring to the server may hold, and that to the client; 4096 when absent. */
  readonly leftBytes?: number;
  readonly rightBytes?: number;
  /** Server only: stays when its client leaves. */
  readonly persistent?: boolean;
  /** Server only: the ring-ref of a vchan of the same domain whose place is taken, once a person agreed to it. */
  readonly replaces?: string;
  /** Client only: waits until there is a server. */
  readonly waits?: boolean;
  /** Who moves the bytes; `own` when absent, and the only one on a simulated host. */
  readonly engine?: 'own' | 'libxenvchan';
}

/** A vchan that somebody offers in the xenstore. */
export interface VchanOffer {
  /** Absolute. */
  readonly path: string;
  readonly server: number;
  /** Who may read its nodes; absent where that says nobody, or more than one. */
  readonly client?: number;
}

/** How an end was ended: in order, as a program that is killed, or as a domain that is switched off. */
export type VchanEnding = 'close' | 'killed' | 'vanished';

/** How an end fares; or a vchan between others, to which one listens. */
export interface VchanState {
  /** `ended`: it was open; `failed`: it never was. */
  readonly phase: 'opening' | 'open' | 'ended' | 'failed';
  /** One sentence: what is the matter. */
  readonly text: string;
  readonly wayOut?: string;
  readonly severity: 'fine' | 'note' | 'warning' | 'error';
  /** `waiting`: no client has come yet. */
  readonly peer?: 'waiting' | 'here' | 'gone';
  /** The ring's row, once it can be seen. */
  readonly ring?: string;
  readonly input?: VchanRingLevel;
  readonly output?: VchanRingLevel;
  /** Whether what comes is taken out of the ring. */
  readonly reads: boolean;
  readonly sent: VchanCount;
  readonly received: VchanCount;
  /** Bytes that were received and left out, because they came faster than they could be told. */
  readonly droppedBytes: number;
}

export interface VchanRingLevel {
  /** `left`: to the server. */
  readonly name: 'left' | 'right';
  readonly sizeBytes: number;
  /** Absent where the indices cannot be. */
  readonly usedBytes?: number;
}

export interface VchanCount {
  readonly bytes: number;
  /** How often something was written, or taken out of the ring: a vchan itself has no messages. */
  readonly messages: number;
  /** One that is only watched: so many of the bytes passed between two looks, and nobody saw them. */
  readonly unseenBytes?: number;
}
