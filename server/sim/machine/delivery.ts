/**
 * The way of a doorbell from one domain to another. A machine hands every delivery to a schedule, so
 * that a world can order them from its seed, delay them, lose them, or deliver them twice.
 */

/**
 * `ring`: somebody rang. `look`: a ring that arrived while the port was masked, or while nobody
 * listened, is looked at now. `end`: the other end was closed, or its domain ended, which whoever follows
 * that finds out now. A world that loses things loses rings only.
 */
export type DeliveryKind = 'ring' | 'look' | 'end';

export interface Delivery {
  readonly kind: DeliveryKind;
  readonly fromDomid: number;
  readonly toDomid: number;
  /** The number of the receiving end; 0 where somebody waits for a domain without a doorbell to it. */
  readonly toPort: number;
}

/**
 * Takes a delivery and calls `deliver` later, never before it returns: once, or twice for a
 * duplicate. Answers `lost` when it never will.
 */
export type Schedule = (deliver: () => void, what: Delivery) => 'sent' | 'lost';

/** After so many in one turn the event loop gets its turn: two ends that ring in a circle starve nobody. */
const maxDeliveriesPerTurn = 256;

/** Delivers in order, as soon as the code that runs now has come to its end. */
export function promptSchedule(): Schedule {
  let queue: (() => void)[] = [];
  let next = 0;
  let left = maxDeliveriesPerTurn;
  let isArmed = false;

  function arm(): void {
    isArmed = true;
    if (left > 0) return queueMicrotask(run);
    setImmediate(() => {
      left = maxDeliveriesPerTurn;
      run();
    });
  }

  function run(): void {
    try {
      while (next < queue.length && left > 0) {
        left--;
        queue[next++]!();
      }
    } finally {
      queue = next < queue.length ? queue.slice(next) : [];
      next = 0;
      isArmed = false;
      if (queue.length > 0) arm();
    }
  }

  return (deliver) => {
    queue.push(deliver);
    if (!isArmed) arm();
    return 'sent';
  };
}
