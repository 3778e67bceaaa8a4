/** What a person writes into an xl domain configuration, as far as a simulated domain needs it. */
import type { Domain } from '../domain';
import type { Hypervisor } from '../hypervisor';

export type DomainType = 'pv' | 'pvh' | 'hvm';

export interface NicConfig {
  readonly bridge: string;
  /** The domain that runs the backend, by name; domain 0 when absent. */
  readonly backend?: string;
}

export interface DiskConfig {
  /** As the guest sees it: `xvda`, `hda`… */
  readonly vdev: string;
  /** A block device (served by blkback) or an image file (served by QEMU). */
  readonly target: string;
  readonly readOnly?: boolean;
}

/** A folder of domain 0 that the guest may mount (xl's `p9=`); served by QEMU. */
export interface ShareConfig {
  /** By which the guest mounts it. */
  readonly tag: string;
  readonly path: string;
}

/** `preserve`: the domain stays as it ended, until somebody destroys it. */
export type AfterShutdown = 'destroy' | 'restart' | 'preserve';

/** What a guest's script is given besides its domain. */
export interface GuestSurroundings {
  readonly config: DomainConfig;
  readonly hypervisor: Hypervisor;
  /** When its vCPUs were started, in the world's time. */
  readonly bootedAtMs: number;
  /** Another kernel ran in this domain before and told nobody: its watches and connections are still there. */
  readonly isKexec: boolean;
  /** Starts another kernel in the place of this one, and tells nobody. */
  kexec(): void;
}

/** Runs until the domain halts; it may return when it has nothing more to do. */
export type GuestScript = (domain: Domain, surroundings: GuestSurroundings) => Promise<void>;

export interface DomainConfig {
  readonly name: string;
  readonly type: DomainType;
  readonly memoryMiB: number;
  readonly maxMemoryMiB?: number;
  readonly vcpus: number;
  readonly kernel?: string;
  readonly ramdisk?: string;
  readonly cmdline?: string;
  readonly nics: readonly NicConfig[];
  readonly disks: readonly DiskConfig[];
  readonly shares?: readonly ShareConfig[];
  /** Further consoles (xl's `channel=`), by name; served by QEMU. */
  readonly channels?: readonly string[];
  /** Its sockets may be opened in domain 0 (xl's `pvcalls=`). */
  readonly pvcalls?: true;
  /** May serve backends to others (xl's `driver_domain=1`). */
  readonly driverDomain?: boolean;
  /** Its device model runs in a domain of its own, not in domain 0. */
  readonly stubdomain?: DomainConfig;
  /** Qubes' memory manager is told how much the guest uses. */
  readonly meminfo?: boolean;
  readonly onPoweroff: AfterShutdown;
  /** `restart` when absent. */
  readonly onReboot?: AfterShutdown;
  readonly onCrash: AfterShutdown;
  /** `destroy` when absent. */
  readonly onWatchdog?: AfterShutdown;
  /** Its kernel resets its ring to the store at boot, as what hvmloader starts has to. */
  readonly resetsRing?: boolean;
  /** Built without the pauses that building takes otherwise: a person outside waits for it, at any pace. */
  readonly builtAtOnce?: boolean;
  readonly guest: GuestScript;
}

export function memoryKiB(config: DomainConfig): { targetKiB: number; maxKiB: number } {
  return {
    targetKiB: config.memoryMiB * 1024,
    maxKiB: (config.maxMemoryMiB ?? config.memoryMiB) * 1024,
  };
}
