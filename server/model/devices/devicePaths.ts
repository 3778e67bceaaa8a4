/** Which end of which device a path of the store belongs to. */

export interface SidePath {
  readonly side: 'frontend' | 'backend';
  /** The device's folder. */
  readonly folder: string;
  /** Whose folder it is. */
  readonly domid: number;
  readonly kind: string;
  readonly devid: string;
  /** Of a backend: the domain that it serves, by its path. */
  readonly servesDomid?: number;
}

export type DevicePath =
  /** A device's folder or a node below it, whose name is empty for the folder itself. */
  | { readonly at: 'side'; readonly side: SidePath; readonly node: string }
  /** Above devices: those of one domain may have come or gone. */
  | { readonly at: 'domain'; readonly domid: number }
  /** Above domains. */
  | { readonly at: 'all' };

const frontendPattern = /^\/local\/domain\/([0-9]{1,5})\/device\/([^/]+)\/([^/]+)(?:\/(.*))?$/;
const backendPattern = /^\/local\/domain\/([0-9]{1,5})\/backend\/([^/]+)\/([0-9]{1,5})\/([^/]+)(?:\/(.*))?$/;
/** Why a device failed: `error/device/vif/0/error` below the domain's folder. */
const errorPattern = /^\/local\/domain\/([0-9]{1,5})\/error\/((?:device|backend)\/.+)\/error$/;
const abovePattern = /^\/local\/domain\/([0-9]{1,5})(?:\/(?:device|backend)(?:\/.*)?)?$/;

/** Undefined for paths that say nothing of devices. */
export function devicePathOf(path: string): DevicePath | undefined {
  const failed = errorPattern.exec(path);
  if (failed) return devicePathOf(`/local/domain/${failed[1]}/${failed[2]}/error`);
  const side = sideOf(path);
  if (side) return side;
  const above = abovePattern.exec(path);
  if (above) return { at: 'domain', domid: Number(above[1]) };
  return path === '/local/domain' || path === '/local' || path === '/' ? { at: 'all' } : undefined;
}

function sideOf(path: string): DevicePath | undefined {
  const front = frontendPattern.exec(path);
  if (front) {
    const [, domid, kind, devid, node = ''] = front as unknown as string[];
    const folder = `/local/domain/${domid}/device/${kind}/${devid}`;
    const side: SidePath = { side: 'frontend', folder, domid: Number(domid), kind: kind!, devid: devid! };
    return { at: 'side', side, node };
  }
  const back = backendPattern.exec(path);
  if (!back) return undefined;
  const [, domid, kind, served, devid, node = ''] = back as unknown as string[];
  const folder = `/local/domain/${domid}/backend/${kind}/${served}/${devid}`;
  const side: SidePath = {
    side: 'backend',
    folder,
    domid: Number(domid),
    kind: kind!,
    devid: devid!,
    servesDomid: Number(served),
  };
  return { at: 'side', side, node };
}

/** Where a side says why it failed. */
export function errorPathOf({ folder, domid }: SidePath): string {
  const root = `/local/domain/${domid}`;
  return `${root}/error${folder.slice(root.length)}/error`;
}
