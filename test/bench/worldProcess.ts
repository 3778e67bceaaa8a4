/**
 * A simulated host of many guests in a process of its own, served to an editor over standard input
 * and output as `xenscope editor` does it. Takes the path of its store's socket, the number of guests
 * and what they do: `still` boots and stays quiet, `busy` asks over its ring again and again from the
 * first message of its parent on. Answers each message with `{ requests, cpuUs }`: what the guests
 * were answered so far, and what it cost.
 */
import { openPages } from '../../server/cli/openPages';
import { openRecordedWorld } from '../../server/cli/recording';
import { systemClock, systemRandom } from '../../server/cli/systemClock';
import { startEditorServer } from '../../server/rpc/editorServer';
import type { Domain } from '../../server/sim/domain';
import { alpine, linuxGuest } from '../../server/sim/guests/linux';
import type { DomainConfig, GuestScript } from '../../server/sim/toolstack/config';
import { openSocketHost } from '../../server/store/client/socketHost';

/** While a world comes up, its time passes as fast as it can: requests without end would keep it from that. */
const waitMs = 1_000;

let requests = 0;
let mayBegin = false;

async function askForEver(domain: Domain): Promise<void> {
  while (!mayBegin) await domain.sleep(waitMs);
  for (;;) {
    await domain.store.write('data/bench', String(requests));
    requests++;
    // Else the first one would never let the world's time pass.
    await domain.sleep(1);
  }
}

const still = linuxGuest(alpine);
const busy: GuestScript = async (domain, surroundings) => {
  await still(domain, surroundings);
  domain.startDaemon('load', () => askForEver(domain));
};

function guests(count: number, guest: GuestScript): DomainConfig[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `guest-${at + 1}`,
    type: 'pvh' as const,
    memoryMiB: 128,
    vcpus: 1,
    nics: [{ bridge: 'xenbr0' }],
    disks: [],
    builtAtOnce: true,
    onPoweroff: 'destroy' as const,
    onCrash: 'restart' as const,
    guest,
  }));
}

const [storeSocketPath, count, kind] = process.argv.slice(2);
// Standard output belongs to the protocol.
console.log = console.info = console.error;
process.on('message', () => {
  mayBegin = true;
  const { user, system } = process.cpuUsage();
  process.send!({ requests, cpuUs: user + system });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
const ports = { clock: systemClock, random: systemRandom };
const server = startEditorServer({
  ...ports,
  input: process.stdin,
  output: process.stdout,
  openSimulator: ({ seed, pace }) =>
    openRecordedWorld({
      ...{ seed, pace, storeSocketPath: storeSocketPath! },
      domains: guests(Number(count), kind === 'busy' ? busy : still),
      pages: openPages(console.error),
    }),
  openSocket: (socketPath) => openSocketHost({ ...ports, path: socketPath }),
  localXen: { look: async () => undefined, open: () => Promise.reject(new Error('there is none')) },
});
// An exit and not an end: pages and pipes may be open.
void server.ended.then(() => process.exit(0));
