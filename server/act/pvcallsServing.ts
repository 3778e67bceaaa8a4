/** Our own backend of PV Calls on a real host, opened by hand: what the guard says before, and how it begins. */
import { XenscopeError } from '../host/errors';
import type { Clock } from '../host/clock';
import type { Host } from '../host/host';
import type { HostProgram } from '../host/program';
import type { StoreClient } from '../host/storeClient';
import type { NameDomain } from '../model/meaning';
import { AllowList, type Reach } from '../pvcalls/allowList';
import type { SocketNetwork } from '../pvcalls/network';
import { mustBeNobodys, pvcallsBackends } from '../pvcalls/otherBackend';
import { PvCallsServing, allowListProblem } from '../pvcalls/serving';
import { type Claimants, type ServingClaim, claimServing, mustNotBeClaimed } from '../pvcalls/servingClaim';
import { readOwnDomid } from '../vchan/ownDomid';
import { addressText } from '../wire/pvcalls/address';
import type { Ipv4Address } from '../wire/pvcalls/address';
import type { Verdict } from './edit';

export type { PvCallsServing } from '../pvcalls/serving';

/** What the machine that the server runs on has for it. */
export interface ServingGround {
  /** Where sockets are opened. */
  readonly network: SocketNetwork;
  /** One sentence where the kernel of this domain is a backend itself. */
  readonly kernelBackend: () => string | undefined;
  /** By whom another backend of ours is told from one that was killed. */
  readonly claimants: Claimants;
  /** What `network` lets through at most, where whoever started the server has said so. */
  readonly most?: AllowList;
}

export interface ServingGuardOptions {
  readonly host: Host;
  readonly store: StoreClient;
  readonly nameDomain: NameDomain;
  readonly ground: ServingGround | undefined;
}

/** Why no backend of ours can be opened on this host; undefined where one can. */
export function whyNoServing({ host, ground }: ServingGuardOptions): XenscopeError | undefined {
  if (host.world) {
    return new XenscopeError('unsupported', 'In a world the backends of domain 0 serve already.', {
      wayOut: 'Intercept those.',
    });
  }
  if (host.openProgram && ground) return undefined;
  return new XenscopeError(
    'unsupported',
    'Through a socket only the xenstore can be reached, and no memory.',
    {
      wayOut: 'A backend can be opened on the machine that runs Xen, by a server there.',
    },
  );
}

/** Says what opening it does, and whether it may be. It only reads. */
export async function judgeServing(allow: readonly string[], options: ServingGuardOptions): Promise<Verdict> {
  const { store, nameDomain, ground } = options;
  const problem = whyNoServing(options) ?? allowListProblem(allow);
  if (problem) return refuse(problem);
  try {
    await mustBeNobodys(store, { kernel: ground!.kernelBackend() });
    await mustNotBeClaimed(store, ground!.claimants);
  } catch (error) {
    if (error instanceof XenscopeError && error.code === 'refused') return refuse(error);
    throw error;
  }
  const own = nameDomain(await readOwnDomid(store));
  const reach = allow.length === 0 ? 'nothing' : allow.join(', ');
  const { most } = ground!;
  return {
    verdict: 'confirm',
    text: `${own} serves PV Calls: sockets of its guests are opened on the machine that the server runs on.`,
    details: [
      `They may connect to and bind ${reach}, and nothing else; the setting “xenscope.pvcalls.allow” says so.`,
      ...(most ? [mostSays(most)] : []),
      `It is the backend of every device below ${pvcallsBackends}, now and later: what it offers and its state are written there.`,
      'It ends with the window, and with its panel where no guest is connected to it; where one is, it stays open until it is closed by hand. Its devices are closed then, and their guests are told.',
    ],
  };
}

export interface OpenServingOptions extends ServingGuardOptions {
  readonly clock: Clock;
  readonly allow: readonly string[];
  /** What is found, in sentences. */
  readonly log: (line: string) => void;
}

export interface OpenedServing {
  readonly serving: PvCallsServing;
  /** Ends it in order, and its program. Answers the devices whose guest did not close its end. */
  close(): Promise<readonly string[]>;
}

/** After the guard has said that it may be. Rejects with a XenscopeError where it cannot begin. */
export async function openServing(options: OpenServingOptions): Promise<OpenedServing> {
  const { host, clock, ground, allow, log } = options;
  const { most } = ground!;
  const program: HostProgram = host.openProgram!();
  let claim: ServingClaim | undefined;
  try {
    const { kernelBackend, claimants } = ground!;
    claim = await claimServing({ store: program.store, clock, kernel: kernelBackend(), claimants });
    const { release } = claim;
    const domid = await readOwnDomid(program.store);
    const serving = new PvCallsServing({
      program,
      domid,
      clock,
      network: ground!.network,
      allow,
      most,
      wayOutOf: (address, reach) => wayOutOf(address, reach, new AllowList(allow), most),
      reports: host.endReports,
      log,
    });
    return {
      serving,
      close: async () => {
        const left = await serving.close();
        await release();
        await program.close();
        return left;
      },
    };
  } catch (error) {
    await claim?.release();
    await program.close();
    throw error;
  }
}

function mostSays({ rules, firstFreePort }: AllowList): string {
  const ports =
    firstFreePort > 0 ? `; ports below ${firstFreePort} are bound only where that names them` : '';
  return `Whoever started the server lets through ${rules.join(', ')} at most${ports}.`;
}

/** `most`: what whoever started the server lets through. */
function wayOutOf(address: Ipv4Address, reach: Reach, own: AllowList, most: AllowList | undefined): string {
  const places = [
    ...(own.allows(address, reach) ? [] : ['to the setting “xenscope.pvcalls.allow”']),
    ...(!most || most.allows(address, reach) ? [] : ['to --pvcalls-allow of the server that runs as root']),
  ];
  return `Add ${addressText(address)} ${places.join(', and ')}, if the guest is to be trusted with it.`;
}

function refuse({ message, wayOut }: XenscopeError): Verdict {
  return { verdict: 'refuse', text: message, details: wayOut === undefined ? [] : [wayOut] };
}
