/**
 * The toolstack of domain 0, as xl with libxl: builds and destroys domains, plugs devices, sets
 * memory targets, and decides what comes after a shutdown.
 */
import type { StoreClient } from '../../host/storeClient';
import type { ShutdownReason } from '../../host/worldControl';
import { domainPath } from '../../wire/xsPath';
import type { Domain } from '../domain';
import type { Hypervisor } from '../hypervisor';
import type { AfterShutdown, DiskConfig, DomainConfig, NicConfig } from './config';
import { joinStubdomain, startDeviceModel, waitForStubdomain } from './deviceModel';
import {
  addDevice,
  channelDevice,
  consoleDevice,
  diskDevice,
  keyboardDevice,
  nicDevice,
  pvcallsDevice,
  removeDevice,
  removeTree,
  shareDevice,
} from './devices';
import type { Device } from './devices';
import { deviceModelPath, libxlDomainPath, makeDomainNodes, vmPath, writeBuildNodes } from './domainNodes';

/** What the toolstack remembers of a domain that it built. */
export interface Managed {
  readonly domain: Domain;
  readonly config: DomainConfig;
  readonly uuid: string;
  readonly devices: Device[];
  stubdomain?: Managed;
  /** A stub domain: part of another domain, with which it goes. */
  readonly isOrgan: boolean;
  /** Acts on one domain follow one another, as libxl's lock of a domain has it. */
  lastAct: Promise<void>;
  /** Set while the domain is being destroyed: no further act may begin. */
  end?: Promise<void>;
}

export class Toolstack {
  readonly #hypervisor: Hypervisor;
  readonly #dom0: Domain;
  readonly #store: StoreClient;
  readonly #managed = new Map<number, Managed>();
  /** Domains that have shut down and that somebody takes care of already. */
  readonly #ending = new WeakSet<Managed>();
  /** Names of domains that have gone and will be built again in a moment. */
  readonly #restarting = new Set<string>();

  constructor(hypervisor: Hypervisor) {
    this.#hypervisor = hypervisor;
    this.#dom0 = hypervisor.dom0;
    this.#store = hypervisor.dom0.openStore();
  }

  list(): Managed[] {
    return [...this.#managed.values()];
  }

  byName(name: string): Managed | undefined {
    return this.list().find(({ config }) => config.name === name);
  }

  /** Whether it has gone, and will be built again in a moment. */
  isRestarting(name: string): boolean {
    return this.#restarting.has(name);
  }

  /** Builds a domain with its devices and starts it. When that fails nothing of it is left. */
  async create(config: DomainConfig): Promise<Managed> {
    // As xl does: a name is one domain's.
    if (this.byName(config.name)) throw new Error(`There is a domain ${config.name} already.`);
    const managed = this.#register(config, { isOrgan: false });
    try {
      await this.#build(managed);
      if (config.stubdomain) await this.#startStubdomain(managed, config.stubdomain);
      else if (needsDeviceModel(managed))
        await startDeviceModel(this.#dom0, this.#store, managed.domain.domid);
      for (const nic of config.nics) await this.#add(managed, this.#nicDevice(managed, nic));
      await this.#pause(config, 200, 600);
    } catch (error) {
      if (!this.#dom0.signal.aborted) await this.destroy(managed);
      throw error;
    }
    this.boot(managed, { isKexec: false });
    this.#dom0.log(`started ${config.name} as domain ${managed.domain.domid}`);
    return managed;
  }

  /** Asks a guest to shut down, as `xl shutdown` does: the guest reads and clears the node. */
  askToShutDown(managed: Managed, reason: 'poweroff' | 'reboot' | 'suspend'): Promise<void> {
    const node = `${domainPath(managed.domain.domid)}/control/shutdown`;
    return this.#act(managed, () => this.#store.write(node, reason));
  }

  /** Lets a suspended guest go on where it was, and the store watch over its next shutdown. */
  resume(managed: Managed): Promise<void> {
    return this.#act(managed, async () => {
      await this.#store.resume(managed.domain.domid);
      managed.domain.resume();
    });
  }

  /** `xl mem-set`: the guest's balloon driver is told its new size. */
  setMemoryTarget(managed: Managed, targetKiB: number): Promise<void> {
    const node = `${domainPath(managed.domain.domid)}/memory/target`;
    return this.#act(managed, () => this.#store.write(node, String(targetKiB)));
  }

  attachNic(managed: Managed, nic: NicConfig): Promise<Device> {
    return this.#act(managed, () => this.#add(managed, this.#nicDevice(managed, nic)));
  }

  attachDisk(managed: Managed, disk: DiskConfig): Promise<Device> {
    return this.#act(managed, () => this.#add(managed, diskDevice(managed.domain.domid, disk)));
  }

  /** Unplugs a device while the guest runs: both ends close before the nodes go. */
  detach(managed: Managed, device: Device): Promise<void> {
    return this.#act(managed, async () => {
      await removeDevice(this.#dom0, this.#store, device, { force: false });
      const place = managed.devices.indexOf(device);
      if (place >= 0) managed.devices.splice(place, 1);
    });
  }

  /** Ends a domain and removes every node of it. May be asked again when it failed. */
  destroy(managed: Managed): Promise<void> {
    managed.end ??= this.#destroy(managed).catch((error: unknown) => {
      managed.end = undefined;
      throw error;
    });
    return managed.end;
  }

  /** In the order of libxl__destroy_domid: devices, nodes, and the domain itself last. */
  async #destroy({ domain, uuid, devices, stubdomain, lastAct }: Managed): Promise<void> {
    const { domid } = domain;
    domain.halt('poweroff');
    await lastAct;
    if (stubdomain) await this.destroy(stubdomain);
    for (const device of devices) await removeDevice(this.#dom0, this.#store, device, { force: true });
    for (const path of [domainPath(domid), vmPath(uuid), libxlDomainPath(domid), deviceModelPath(domid)]) {
      await removeTree(this.#store, path);
    }
    this.#hypervisor.destroy(domain);
    this.#managed.delete(domid);
    this.#dom0.log(`destroyed ${domain.name} (domain ${domid})`);
  }

  /** Takes care of domains that shut down, for as long as domain 0 runs. */
  async superviseDomains(): Promise<void> {
    const look = async () => {
      for (const managed of this.list()) {
        const { status } = managed.domain;
        if (status.kind !== 'shutdown' || this.#ending.has(managed)) continue;
        // Whoever had it suspended will resume or destroy it.
        if (status.reason === 'suspend') continue;
        this.#ending.add(managed);
        this.#dom0.start(`end of ${managed.config.name}`, () => this.#afterShutdown(managed));
      }
    };
    await this.#dom0.follow('@releaseDomain', look, { store: this.#store });
  }

  async #afterShutdown(managed: Managed): Promise<void> {
    const { domain, config } = managed;
    const reason = domain.status.kind === 'shutdown' ? domain.status.reason : 'poweroff';
    await this.#dom0.sleep(500, 1500);
    if (managed.isOrgan) return;
    if (reason === 'softReset' && !managed.end) return this.#softReset(managed);
    const action = afterShutdown(config, reason);
    if (action === 'preserve') return;
    await this.destroy(managed);
    if (action === 'destroy') return;
    this.#restarting.add(config.name);
    try {
      await this.#dom0.sleep(1000, 3000);
    } finally {
      this.#restarting.delete(config.name);
    }
    // Somebody else may have started it meanwhile.
    if (!this.byName(config.name)) await this.create(config);
  }

  /** A domain that starts another kernel (libxl__domain_soft_reset): all that was connected is made anew. */
  async #softReset(managed: Managed): Promise<void> {
    const { domain, devices } = managed;
    for (const device of devices) await removeDevice(this.#dom0, this.#store, device, { force: true });
    this.#hypervisor.softReset(domain);
    const { xenstore } = this.#hypervisor.startInfo(domain);
    await this.#store.write(`${domainPath(domain.domid)}/store/port`, String(xenstore.port.port));
    await this.#store.introduce(domain.domid, xenstore.gfn, xenstore.port.port);
    // The store has reported one shutdown of this domain; without this it would report no other.
    await this.#store.resume(domain.domid);
    for (const device of devices) {
      await addDevice(this.#store, device);
      await this.#dom0.sleep(50, 250);
    }
    this.#ending.delete(managed);
    this.boot(managed, { isKexec: false });
    this.#dom0.log(`reset ${domain.name} (domain ${domain.domid})`);
  }

  /** Runs `act` after the acts before it, unless the domain has gone meanwhile. */
  #act<T>(managed: Managed, act: () => Promise<T>): Promise<T> {
    const { domain } = managed;
    const done = managed.lastAct.then(() => {
      const isSuspended = domain.status.kind === 'shutdown' && domain.status.reason === 'suspend';
      if (managed.end || !(domain.running || isSuspended)) {
        throw new Error(`${managed.config.name} does not run.`);
      }
      return act();
    });
    managed.lastAct = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  #register(config: DomainConfig, { isOrgan }: { readonly isOrgan: boolean }): Managed {
    const domain = this.#hypervisor.createDomain(config.name);
    const uuid = this.#dom0.random.uuid();
    const managed: Managed = { domain, config, uuid, devices: [], isOrgan, lastAct: Promise.resolve() };
    this.#managed.set(domain.domid, managed);
    return managed;
  }

  async #build(managed: Managed): Promise<void> {
    const { domain, config, uuid } = managed;
    const { domid } = domain;
    await makeDomainNodes(this.#store, domid, uuid, config);
    await this.#pause(config, 100, 400);
    const { xenstore, console } = this.#hypervisor.startInfo(domain);
    await writeBuildNodes(this.#store, domid, config, {
      uuid,
      storePort: xenstore.port.port,
      storeGfn: xenstore.gfn,
      startMs: this.#dom0.nowMs(),
    });
    await this.#store.introduce(domid, xenstore.gfn, xenstore.port.port);
    await this.#pause(config, 100, 400);
    for (const disk of config.disks) await this.#add(managed, diskDevice(domid, disk));
    await this.#add(managed, consoleDevice(domid, console!.port.port, console!.gfn));
    if (config.type === 'hvm') await this.#add(managed, keyboardDevice(domid));
    if (config.pvcalls) await this.#add(managed, pvcallsDevice(domid));
    const { shares = [], channels = [] } = config;
    for (const [devid, share] of shares.entries()) await this.#add(managed, shareDevice(domid, devid, share));
    // The first console has the number 0.
    for (const [place, name] of channels.entries())
      await this.#add(managed, channelDevice(domid, place + 1, name));
  }

  /** Starts the guest's kernel. */
  boot(managed: Managed, { isKexec }: { readonly isKexec: boolean }): void {
    const { domain, config } = managed;
    const resetsRing = config.type === 'hvm' || config.resetsRing === true;
    domain.ringBoot = isKexec ? 'kexec' : resetsRing ? 'afterLoader' : 'fresh';
    domain.begin();
    const surroundings = {
      config,
      hypervisor: this.#hypervisor,
      bootedAtMs: this.#dom0.nowMs(),
      isKexec,
      kexec: () => this.kexec(managed),
    };
    domain.start('guest', () => config.guest(domain, surroundings));
  }

  /** The guest starts another kernel; the toolstack only knows because it is the one that has the script. */
  kexec(managed: Managed): void {
    this.#hypervisor.kexec(managed.domain);
    this.#dom0.log(`${managed.domain.name} (domain ${managed.domain.domid}) starts another kernel`);
    this.boot(managed, { isKexec: true });
  }

  #nicDevice(managed: Managed, nic: NicConfig): Device {
    const { domain, config } = managed;
    const backend = nic.backend === undefined ? this.#dom0 : this.#hypervisor.byName(nic.backend);
    if (!backend) throw new Error(`There is no domain ${nic.backend} to serve a vif of ${config.name}.`);
    return nicDevice(domain.domid, freeDevid(managed, 'vif'), backend.domid, {
      ...nic,
      mac: this.#dom0.random.mac(),
      emulated: config.type === 'hvm',
    });
  }

  /** A device model in a small domain of its own, which is allowed what its target is allowed. */
  async #startStubdomain(target: Managed, config: DomainConfig): Promise<void> {
    const stub = this.#register(config, { isOrgan: true });
    target.stubdomain = stub;
    await this.#build(stub);
    await joinStubdomain(this.#store, stub.domain.domid, target.domain.domid);
    await this.#dom0.sleep(200, 600);
    this.boot(stub, { isKexec: false });
    await waitForStubdomain(this.#dom0, this.#store, stub.domain.domid, target.domain.domid);
  }

  async #add(managed: Managed, device: Device): Promise<Device> {
    await addDevice(this.#store, device);
    managed.devices.push(device);
    await this.#pause(managed.config, 50, 250);
    return device;
  }

  async #pause(config: DomainConfig, leastMs: number, mostMs: number): Promise<void> {
    if (!config.builtAtOnce) await this.#dom0.sleep(leastMs, mostMs);
  }
}

/** What xl does by its configuration. */
function afterShutdown(config: DomainConfig, reason: ShutdownReason): AfterShutdown {
  switch (reason) {
    case 'crash':
      return config.onCrash;
    case 'reboot':
      return config.onReboot ?? 'restart';
    case 'watchdog':
      return config.onWatchdog ?? 'destroy';
    default:
      return config.onPoweroff;
  }
}

/** QEMU serves disk images, keyboards and everything that is emulated. */
function needsDeviceModel({ config, devices }: Managed): boolean {
  const byQemu = ({ kind, backendKind, devid }: Device) =>
    backendKind === 'qdisk' || kind === '9pfs' || (kind === 'console' && devid > 0);
  return config.type === 'hvm' || devices.some(byQemu);
}

function freeDevid({ devices }: Managed, kind: string): number {
  const used = new Set(devices.filter((device) => device.kind === kind).map(({ devid }) => devid));
  let devid = 0;
  while (used.has(devid)) devid++;
  return devid;
}
