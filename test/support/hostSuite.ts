/**
 * What every host must do with shared pages and doorbells, in the words of server/host. It runs over
 * each implementation alike; how they may differ is declared in HostAbilities, and nothing else does.
 * The store of a host is judged by test/interop/clientSuite.ts: it needs no second domain, and runs over
 * more ways than there are hosts.
 */
import { domainEndCases } from './hostCases/domainEnds';
import { doorbellCases } from './hostCases/doorbells';
import { pageCases } from './hostCases/pages';
import { HostRig } from './hostCases/rig';
import type { HostAbilities, HostSide, HostUnderTest } from './hostCases/rig';
import { takingBackCases } from './hostCases/takingBack';
import { unmapNotifyCases } from './hostCases/unmapNotify';

export type { HostAbilities, HostSide, HostUnderTest };

/** `dies`: whose domain the test will end, so that a side plays it that may. */
export function describeHost(
  name: string,
  abilities: HostAbilities,
  open: (dies: 'ours' | 'theirs' | undefined) => HostUnderTest | Promise<HostUnderTest>,
): void {
  describe(`a host: ${name}`, () => {
    const rig = new HostRig(abilities);
    beforeEach(async () => (rig.host = await open(rig.dies)));
    afterEach(() => rig.host.close());

    pageCases(rig);
    takingBackCases(rig);
    unmapNotifyCases(rig);
    doorbellCases(rig);
    domainEndCases(rig);
  });
}
