/** What the store client holds at most. At a limit the request is refused, never the process. */
export interface StoreClientLimits {
  /** Requests sent and not yet answered; more of them wait their turn in order. */
  readonly maxRequestsInFlight: number;
  /** Requests that wait to be sent; one more rejects with `limit`. */
  readonly maxWaitingRequests: number;
  /** Bytes of requests that wait to be sent; more reject with `limit`. */
  readonly maxWaitingBytes: number;
  /** The longest reply taken. Servers keep to 4096, except oxenstored on sockets. */
  readonly maxReplyBytes: number;
  /** Unread events of one watch; one more replaces them all by a `resync`. */
  readonly maxQueuedEvents: number;
}

export const defaultLimits: StoreClientLimits = {
  maxRequestsInFlight: 256,
  maxWaitingRequests: 100_000,
  maxWaitingBytes: 32 * 1024 * 1024,
  maxReplyBytes: 4 * 1024 * 1024,
  maxQueuedEvents: 16_384,
};
