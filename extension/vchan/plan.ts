/** Plans for vchans as a person chooses them: what the lists offer, and what was typed. */
import type { VchanOffer, VchanPlan } from '../../server/rpc/api';

export interface RingSizes {
  readonly label: string;
  readonly detail: string;
  readonly leftBytes: number;
  readonly rightBytes: number;
}

export const ringSizes: readonly RingSizes[] = [
  { label: '4 KiB each', detail: 'A page of its own for each direction', leftBytes: 4096, rightBytes: 4096 },
  {
    label: '1 KiB to the server, 2 KiB to the client',
    detail: 'Both in the control page: no further page is lent',
    leftBytes: 1024,
    rightBytes: 2048,
  },
  { label: '64 KiB each', detail: '16 pages for each direction', leftBytes: 65_536, rightBytes: 65_536 },
  { label: '1 MiB each', detail: 'As much as there can be', leftBytes: 1_048_576, rightBytes: 1_048_576 },
];

/** `4096`, `4096 65536`, `64k 1M`: to the server and to the client. A sentence when it is something else. */
export function parseRingSizes(text: string): Pick<RingSizes, 'leftBytes' | 'rightBytes'> | string {
  const words = text.trim().split(/[\s,]+/);
  const sizes = words.map(parseBytes);
  const wrong = words[sizes.findIndex((size) => size === undefined)];
  if (wrong !== undefined || words.length > 2) {
    return `“${wrong ?? text.trim()}” is no size of a ring: write bytes, such as 4096, 64k or 1M, to the server and to the client.`;
  }
  const [leftBytes, rightBytes = leftBytes] = sizes as number[];
  return { leftBytes: leftBytes!, rightBytes: rightBytes! };
}

function parseBytes(word: string): number | undefined {
  const [, digits, unit] = /^([0-9]{1,7})([km]?)$/i.exec(word) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * { '': 1, k: 1024, m: 1_048_576 }[unit!.toLowerCase() as '' | 'k' | 'm'];
}

/** Where a server offers a vchan unless a person says otherwise: as Qubes and MirageOS do it. */
export function usualPath(client: number, offers: readonly VchanOffer[]): string {
  const isTaken = (path: string) => offers.some((offer) => offer.path.endsWith(`/${path}`));
  for (let number = 1; ; number++) {
    const path = `data/vchan/${client}/console-${number}`;
    if (!isTaken(path)) return path;
  }
}

/** `data/vchan/5/console-1`: where the folder lies below its domain. */
export function shortPath(path: string): string {
  return path.replace(/^\/local\/domain\/[0-9]+\//, '');
}

/** The domain below which a path lies; undefined when it is relative, or below none. */
export function domainOfPath(path: string): number | undefined {
  const [, domid] = /^\/local\/domain\/([0-9]{1,5})\//.exec(path) ?? [];
  return domid === undefined ? undefined : Number(domid);
}

/** The number of a domain as a person types it. */
export function parseDomid(text: string): number | undefined {
  const domid = /^\s*[0-9]{1,5}\s*$/.test(text) ? Number(text) : undefined;
  return domid !== undefined && domid <= 0x7fef ? domid : undefined;
}

export function withEngine(plan: VchanPlan, engine: NonNullable<VchanPlan['engine']>): VchanPlan {
  return engine === 'own' ? plan : { ...plan, engine };
}

/** The host, and who moves the bytes where that was asked for: libxenvchan knows nothing of a simulated one. */
export function hostText(label: string, isSimulated: boolean, engine: VchanPlan['engine']): string {
  if (engine !== 'libxenvchan') return label;
  return isSimulated ? `${label}, without libxenvchan: it needs a real Xen` : `${label}, by libxenvchan`;
}

/** `actAs` only where the host lets us choose. */
export function connectTo(offer: VchanOffer, actAs: number | undefined): VchanPlan {
  const { server, path } = offer;
  return { role: 'client', peer: server, path, ...(actAs !== undefined && { actAs }) };
}
