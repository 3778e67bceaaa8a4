/** Lets two listen where a store lets one, the first one first. */
import type { ConnectionTap, StoreTap } from '../host/tap';

export function joinTaps(one: StoreTap, other: StoreTap): StoreTap {
  return {
    opened(connection) {
      const taps = [one.opened(connection), other.opened(connection)].filter((tap) => tap !== undefined);
      return taps.length === 2 ? both(taps[0]!, taps[1]!) : taps[0];
    },
  };
}

function both(one: ConnectionTap, other: ConnectionTap): ConnectionTap {
  return {
    received(bytes, start, end) {
      one.received(bytes, start, end);
      other.received(bytes, start, end);
    },
    sent(bytes, start, end) {
      one.sent(bytes, start, end);
      other.sent(bytes, start, end);
    },
    restarted() {
      one.restarted();
      other.restarted();
    },
    closed(reason) {
      one.closed(reason);
      other.closed(reason);
    },
  };
}
