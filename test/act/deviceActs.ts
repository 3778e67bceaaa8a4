/** Acts on a device whose ends and drivers a test has in hand. */
import { Acts } from '../../server/act/acts';
import type { DeviceAct, NodeChange } from '../../server/act/devices/deviceAct';
import type { DeviceEdit } from '../../server/act/edit';
import { systemClock } from '../../server/cli/systemClock';
import type { XenbusState } from '../../server/wire/xenbusState';
import { type Rig, back, front, openRig } from '../xenbus/rig';

const names = new Map([
  [0, 'Domain-0 (0)'],
  [3, 'web (3)'],
]);

export function edit(act: DeviceAct, path = front, expected?: readonly NodeChange[]): DeviceEdit {
  return { kind: 'device', path, act, ...(expected && { expected }) };
}

export class DeviceActs {
  readonly acts: Acts;

  private constructor(readonly rig: Rig) {
    this.acts = this.newActs();
  }

  static async open(): Promise<DeviceActs> {
    const rig = await openRig();
    await rig.store.write('/local/domain/3/name', 'web');
    return new DeviceActs(rig);
  }

  close(): Promise<void> {
    return this.rig.close();
  }

  /** On a simulated host, unless it says otherwise. */
  newActs(over: Partial<ConstructorParameters<typeof Acts>[0]> = {}): Acts {
    return new Acts({
      store: this.rig.store,
      nameDomain: (domid) => names.get(domid) ?? `domain ${domid}`,
      isReal: false,
      allowDomain0Edits: () => false,
      clock: systemClock,
      isHeld: () => false,
      ...over,
    });
  }

  /** The device as it stands, with nobody who moves it. */
  async stands(frontend: XenbusState, backend: XenbusState): Promise<void> {
    await this.rig.add();
    await this.rig.store.write(`${front}/state`, String(frontend));
    await this.rig.store.write(`${back}/state`, String(backend));
  }

  async text(path: string): Promise<string> {
    return (await this.rig.store.read(path)).toString('latin1');
  }

  isThere(path: string): Promise<boolean> {
    return this.rig.store.getPerms(path).then(
      () => true,
      () => false,
    );
  }
}
