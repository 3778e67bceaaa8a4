/** A backend of any kind: the policy decides, the class knows the device. */
import { XenbusState } from '../wire/xenbusState';
import { DeviceDriver } from './deviceDriver';
import { otherNode } from './devicePath';
import type { DriverOptions } from './deviceDriver';
import type { OtherEnd } from './deviceEnd';
import { publish, readText } from './nodes';
import type { Entries } from './nodes';
import type { BackendPolicy, BackendStep, Hotplug } from './policies/backendPolicy';
import { readOther } from './otherEnd';

export interface BackendOptions extends DriverOptions {
  readonly policy: BackendPolicy;
}

const hotplugConnected: Entries = [['hotplug-status', 'connected']];

export class BackendDriver extends DeviceDriver<BackendStep> {
  readonly #policy: BackendPolicy;
  protected readonly closesOnFailure: boolean;
  #isSetUp = false;
  #hotplug: Hotplug = 'due';

  constructor(options: BackendOptions) {
    super(options);
    this.#policy = options.policy;
    this.closesOnFailure = options.policy.closesOnFailure;
  }

  protected findOther(): Promise<OtherEnd | undefined> {
    return readOther(this.options.ports.store, this.options.path, 'frontend');
  }

  protected otherWatch(otherPath: string): string {
    return this.#policy.watches === 'folder' ? otherPath : `${otherPath}/state`;
  }

  /** Of a whole folder only these say something; one for the folder itself is ignored. */
  protected override concernsOther(path: string): boolean {
    if (this.#policy.watches === 'state') return true;
    const node = otherNode(this.device.other.path, path);
    return node === 'state' || node === 'protocol';
  }

  /** Missing counts as offline: the toolstack always writes it. */
  protected async readOnline(): Promise<boolean> {
    const { ports, path } = this.options;
    return Number(await readText(ports.store, `${path}/online`)) === 1;
  }

  /** Somebody else may say that the device is plugged: the script after all, or a person in its place. */
  protected override async readHotplug(): Promise<void> {
    if (this.#hotplug !== 'hangs') return;
    const { ports, path } = this.options;
    if ((await readText(ports.store, `${path}/hotplug-status`)) === 'connected') this.#hotplug = 'done';
  }

  protected next(): BackendStep | undefined {
    const { own, other, online, isAttached } = this;
    // Whoever closes a device ends its script as well: the next time it is started anew.
    const waitsForScript = own === XenbusState.InitWait || own === XenbusState.Initialised;
    if (this.#hotplug === 'hangs' && !waitsForScript) this.#hotplug = 'due';
    const hotplug = this.type.plug ? this.#hotplug : 'done';
    return this.#policy.next({ own, other, online, isSetUp: this.#isSetUp, hotplug, isAttached });
  }

  protected async perform(step: BackendStep): Promise<void> {
    switch (step.kind) {
      case 'init': {
        const features = (await this.type.init?.()) ?? [];
        this.#isSetUp = true;
        return this.go(
          step.to,
          this.#policy.writesHotplugStatus ? [...features, ...hotplugConnected] : features,
        );
      }
      case 'plug':
        return this.#plug();
      case 'attach':
        return this.#attach(step.to);
      case 'switch':
        return this.switchTo(step.to);
      case 'release':
        return this.detach();
      case 'end':
        return this.end();
    }
  }

  /** Writes for the script what it writes when it is done. */
  async #plug(): Promise<void> {
    const { ports, path } = this.options;
    const entries = await this.type.plug!();
    this.#hotplug = entries ? 'done' : 'hangs';
    if (entries && !(await publish(ports.store, path, entries))) this.own = XenbusState.Unknown;
  }

  async #attach(to: XenbusState): Promise<void> {
    const entries = (await this.type.initialise?.()) ?? [];
    this.isAttached = true;
    await this.go(to, entries);
    if (this.own === to) this.type.connected?.();
  }
}
