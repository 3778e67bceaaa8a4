/** Guests that are hard on their ring to the store: one that starts other kernels, one that misbehaves. */
import { XsRingFeature } from '../../wire/xsRing';
import type { Domain } from '../domain';
import type { GuestScript } from '../toolstack/config';
import { alpine, linuxGuest } from './linux';

const minuteMs = 60_000;

/** Updates itself by kexec: the next kernel finds the ring, the watches and the devices of the last one. */
export const rollingGuest: GuestScript = async (domain, surroundings) => {
  await linuxGuest(alpine)(domain, surroundings);
  await domain.sleep(3 * minuteMs, 7 * minuteMs);
  surroundings.kexec();
};

/** Far more than its ring holds, so that it is seen to fill; over few nodes, so that the tree stays small. */
const burst = { leastWrites: 20, mostWrites: 40, valueBytes: 300, nodes: 4 };

/** Writes in bursts, and breaks its ring now and then, which it mends by itself a while later. */
export const rowdyGuest: GuestScript = async (domain, surroundings) => {
  await linuxGuest(alpine)(domain, surroundings);
  domain.startDaemon('noise', () => makeNoise(domain));
  domain.startDaemon('wild writes', () => breakRing(domain));
};

async function makeNoise(domain: Domain): Promise<void> {
  for (;;) {
    await domain.sleep(20_000, 60_000);
    const value = domain.random.hex(burst.valueBytes);
    const writes = domain.random.between(burst.leastWrites, burst.mostWrites);
    await Promise.all(
      Array.from({ length: writes }, (_, number) =>
        domain.store.write(`data/noise/${number % burst.nodes}`, `${number} ${value}`),
      ),
    );
  }
}

async function breakRing(domain: Domain): Promise<void> {
  for (;;) {
    await domain.sleep(4 * minuteMs, 9 * minuteMs);
    const { ring } = domain;
    // Without a way to mend it the guest would be gone for good.
    if (!ring || (ring.features & XsRingFeature.RECONNECTION) === 0) continue;
    ring.corruptIndex();
    await domain.sleep(40_000, 70_000);
    await ring.reconnect();
  }
}
