/** One end of one device, as its class sees it: where it is, who is on the other side, what it holds. */
import type { EventPort } from '../host/events';
import { nodeName } from '../wire/xsPath';
import { readText } from './nodes';
import type { XenbusPorts } from './ports';
import { DeviceResources } from './resources';

export interface OtherEnd {
  /** Its folder. */
  readonly path: string;
  readonly domid: number;
}

export class DeviceEnd {
  readonly resources: DeviceResources;

  constructor(
    readonly ports: XenbusPorts,
    /** The device's own folder, as the domain names it: `device/vif/0`, `backend/vbd/3/51712`. */
    readonly path: string,
    readonly other: OtherEnd,
    /** Aborted when the folder goes away or the domain ends. */
    readonly signal: AbortSignal,
    onEvent: (port: EventPort) => void,
  ) {
    this.resources = new DeviceResources(ports, onEvent);
  }

  get devid(): number {
    return Number(nodeName(this.path));
  }

  read(name: string): Promise<string | undefined> {
    return readText(this.ports.store, `${this.path}/${name}`);
  }

  readOther(name: string): Promise<string | undefined> {
    return readText(this.ports.store, `${this.other.path}/${name}`);
  }
}
