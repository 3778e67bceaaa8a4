/**
 * Every bound of the server in one place. Quotas bind unprivileged domains and have the numbers of
 * C xenstored 4.17; limits bind everybody, privileged connections too, so that no client can make
 * the server grow without end.
 */

export interface Quotas {
  /** Nodes that a domain may own. */
  readonly maxNodes: number;
  readonly maxWatches: number;
  /** Open transactions of one connection. */
  readonly maxTransactions: number;
  /** A node as C xenstored stores it (see nodeBytes) must stay below this. */
  readonly nodeSizeLimitBytes: number;
  readonly maxPermsPerNode: number;
  /** Different nodes that one transaction may touch. */
  readonly maxNodesPerTransaction: number;
  /** Replies that may wait unread before requests are left waiting as well. */
  readonly maxOutstandingReplies: number;
  /**
   * Bytes that a domain may make the server hold, as C xenstored counts them (accounts.ts). What needs
   * more is refused, and with that much nothing is read from the domain.
   */
  readonly hardMemoryBytes: number;
  /** With that much an operator is told. */
  readonly softMemoryBytes: number;
  /** Nodes that all domains together may write in a second while others have transactions open (writeRate.ts). */
  readonly writesPerSecond: number;
  /** How many of them a domain may write at once. */
  readonly maxWriteBurst: number;
  /** A watch event that a domain has not taken by then is dropped. */
  readonly eventExpiryMs: number;
}

/** 0 switches a quota off. The odd ones say what C xenstored does: it counts 129 watches and 11 transactions. */
export const defaultQuotas: Quotas = {
  maxNodes: 1000,
  maxWatches: 129,
  maxTransactions: 11,
  nodeSizeLimitBytes: 2048,
  maxPermsPerNode: 5,
  maxNodesPerTransaction: 1024,
  maxOutstandingReplies: 20,
  hardMemoryBytes: 2.5 * 1024 * 1024,
  softMemoryBytes: 2 * 1024 * 1024,
  writesPerSecond: 200,
  maxWriteBurst: 10,
  eventExpiryMs: 20_000,
};

export const limits = {
  /** Connections at one time; a further one is closed at once. */
  maxConnections: 8192,
  /**
   * What nodes, watches and transactions weigh together; more is ENOSPC, for a watch E2BIG. The process
   * needs up to twice as much, because a collector of garbage comes late.
   */
  maxHeldBytes: 128 * 1024 * 1024,
  /** What nodes weigh. The rest stays free, so that a full store can be looked at and tidied up. */
  maxTreeBytes: 120 * 1024 * 1024,
  /** Open transactions of all connections; one more is ENOSPC. */
  maxOpenTransactions: 20_000,
  /** With this much unsent the requests of a connection wait, and nothing more is read from it. */
  outputHighWaterBytes: 32 * 1024,
  /** A connection that lets this much pile up (watch events do not wait) is cut off. */
  maxUnsentBytes: 4 * 1024 * 1024,
  /**
   * Once all connections together have so much unsent, each is cut off at the high-water mark instead.
   * A byte that waits costs up to four: the room that a queue keeps, and its events known by their text.
   */
  maxUnsentBytesTogether: 16 * 1024 * 1024,
  /** Paths remembered by their text, twice over; longer ones are taken apart each time. */
  maxCachedPaths: 2048,
  maxCachedPathBytes: 192,
  /** Waiting connections of the listening socket. */
  listenBacklog: 511,
} as const;
