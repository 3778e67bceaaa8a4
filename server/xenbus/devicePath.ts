/** Which device an event of a watch speaks of. */
import { nodeName } from '../wire/xsPath';

export interface DeviceRoot {
  /** What is watched: `device`, `backend`, `backend/qdisk`, `/local/domain/0/backend/vif/3`. */
  readonly path: string;
  /** How many levels below it the devices are. */
  readonly depth: number;
}

/** Frontends are `device/<kind>/<devid>`, backends `backend/<kind>/<domid>/<devid>`. */
export function deviceRoot(path: string): DeviceRoot {
  const parts = path.split('/').filter((part) => part !== '');
  const backend = parts.lastIndexOf('backend');
  const device = parts.lastIndexOf('device');
  const from = Math.max(backend, device);
  const depth = (backend > device ? 3 : 2) - (parts.length - 1 - from);
  if (from < 0 || depth < 1) throw new RangeError(`${path} is no folder of devices`);
  return { path, depth };
}

export type DeviceEvent =
  /** A device's folder, or a node below it: `state`, `queue-0/tx-ring-ref`; empty for the folder itself. */
  | { readonly kind: 'device'; readonly path: string; readonly node: string }
  /** Something above the devices: any of them may have come or gone. */
  | { readonly kind: 'folder' };

/** Undefined for paths that are not of this root, e.g. another domain's whose number begins alike. */
export function deviceEvent({ path: root, depth }: DeviceRoot, path: string): DeviceEvent | undefined {
  if (path === root) return { kind: 'folder' };
  if (!path.startsWith(`${root}/`)) return undefined;
  const parts = path.slice(root.length + 1).split('/');
  if (parts.length < depth) return { kind: 'folder' };
  const device = `${root}/${parts.slice(0, depth).join('/')}`;
  return { kind: 'device', path: device, node: parts.slice(depth).join('/') };
}

/**
 * The node of the other end that an event names; undefined for the folder itself, which means nothing
 * to a driver, and for paths of others.
 */
export function otherNode(otherPath: string, path: string): string | undefined {
  return path.startsWith(`${otherPath}/`) ? path.slice(otherPath.length + 1) : undefined;
}

/** `vif` of `device/vif/0` and of `backend/vif/3/0`. */
export function deviceKind({ depth, path: root }: DeviceRoot, path: string): string {
  const kindLevel = root.split('/').includes('backend') ? 3 : 2;
  return depth === kindLevel
    ? path.slice(root.length + 1).split('/')[0]!
    : nodeName(
        path
          .split('/')
          .slice(0, 1 - kindLevel)
          .join('/'),
      );
}
