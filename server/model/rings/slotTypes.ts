/** What is told of the rings of devices: plain values that survive JSON. */

/** Which ring of which device; nothing of it changes. */
export interface RingDevice {
  /** `vif 0 tx`. */
  readonly title: string;
  readonly deviceClass: string;
  readonly devid: string;
  readonly backendDomid: number;
  readonly grefs: readonly number[];
  /** The frontend's end of its doorbell, where that was published. */
  readonly port?: number;
  /** What one request is, where that is known: `a request to the disk`. */
  readonly carries?: string;
}

/** A ring of requests and responses, as of the last sample whose indices held still. */
export interface RingSlotsState {
  /** How many requests can be in flight at once. */
  readonly slots: number;
  readonly slotBytes: number;
  /** In rest requests lie here unanswered: buffers for what may come. */
  readonly isPosted: boolean;
  /** Free-running, modulo 2^32. */
  readonly reqProd: number;
  readonly rspProd: number;
  readonly reqEvent: number;
  readonly rspEvent: number;
  /** Requests without a response; 0 when `insane`. */
  readonly inFlight: number;
  /** More in flight than there are slots, or more responses than requests: nothing can be told by them. */
  readonly insane: boolean;
  readonly isBackendIdle: boolean;
  readonly isFrontendIdle: boolean;
  /** Averaged over about a second. */
  readonly requestsPerSecond: number;
  readonly responsesPerSecond: number;
}

export interface SlotValueText {
  readonly name: string;
  readonly value: string;
  /** What this value is called, where it has a name. */
  readonly says?: string;
}

export interface SlotEntry {
  /** Free-running number of the request, or of the response. */
  readonly index: number;
  /** Which slot it lies in. */
  readonly slot: number;
  /** The C name of the structure. */
  readonly layout: string;
  readonly values: readonly SlotValueText[];
}

export interface RingSlotsDetail {
  /** Oldest first; `inFlightLeftOut` more are not listed. */
  readonly inFlight: readonly SlotEntry[];
  readonly inFlightLeftOut: number;
  /** Newest first; what is older stands in slots that were used again, or is left out. */
  readonly answered: readonly SlotEntry[];
  /** What fields mean, by the C name of the structure and that of the field. */
  readonly meanings: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Since we began to look: at least so many, exactly so many while `resets` is 0. */
  readonly requests: number;
  readonly responses: number;
  /** Times the indices were set anew. */
  readonly resets: number;
}
