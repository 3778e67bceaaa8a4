/**
 * Qubes as Qubes OS has them: each tells the memory manager what it uses, and they talk to each other
 * over vchans. One calls a service of the other now and then, on a vchan for that call alone, whose nodes
 * go as soon as the client has come; and it plays with an echo on one that stays. The same echo is offered
 * to domain 0, for a person to try a vchan with.
 */
import type { Random } from '../../host/clock';
import type { Domain } from '../domain';
import { dom0Name } from '../hypervisor';
import type { GuestScript } from '../toolstack/config';
import { bootLinux } from './linux';
import { balloonedKiB, wander } from './parts';
import { answerQrexec, callQrexec, qrexecDataPort } from './qrexec';
import { caller, echo, vchanPeer } from './vchanPeers';

const echoPort = 'echo';

/** Answers the calls of another qube, and echoes what it says, and what domain 0 says. */
export function answeringQube(callerName: string): GuestScript {
  const echoTo = (peer: string) =>
    vchanPeer({ role: 'server', peer, port: echoPort, persistent: true }, echo);
  return qube({
    'qrexec-agent': vchanPeer({ role: 'client', peer: callerName, port: qrexecDataPort }, answerQrexec),
    echo: echoTo(callerName),
    'echo for domain 0': echoTo(dom0Name),
  });
}

/** Calls another qube now and then, and plays with its echo. */
export function callingQube(calledName: string): GuestScript {
  const calls = {
    role: 'server',
    peer: calledName,
    port: qrexecDataPort,
    nodesStay: 'untilConnected',
  } as const;
  const input = (random: Random) => `sign document ${random.below(1000)}, please`;
  return qube({
    'qrexec-client': vchanPeer({ ...calls, leastPauseMs: 15_000, mostPauseMs: 40_000 }, callQrexec(input)),
    echo: vchanPeer(
      { role: 'client', peer: calledName, port: echoPort },
      caller(() => 'is anybody there?', 3000, 9000),
    ),
  });
}

function qube(programs: Readonly<Record<string, GuestScript>>): GuestScript {
  return async (domain, surroundings) => {
    await bootLinux(domain, surroundings.config, { isKexec: surroundings.isKexec });
    domain.startDaemon('meminfo-writer', () => writeMeminfo(domain));
    for (const [name, run] of Object.entries(programs)) {
      domain.startDaemon(name, () => run(domain, surroundings));
    }
  };
}

async function writeMeminfo(domain: Domain): Promise<void> {
  let totalKiB = await balloonedKiB(domain);
  let usedKiB = Math.round(totalKiB * 0.4);
  for (;;) {
    totalKiB = await balloonedKiB(domain, totalKiB);
    usedKiB = wander(domain, usedKiB, totalKiB);
    await domain.store.write('memory/meminfo', String(usedKiB));
    await domain.sleep(5_000, 11_000);
  }
}
