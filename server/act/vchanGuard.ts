/** Says before an end of a vchan is opened by hand what that does, and whether it may be. It only reads. */
import { isStoreError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import type { NameDomain } from '../model/meaning';
import { readOwnDomid } from '../vchan/ownDomid';
import { type OfferedVchan, lookAtPlace, namedOf, whyNotFree } from '../vchan/place';
import { VCHAN_EVENT_CHANNEL, VCHAN_RING_REF, vchanPathProblem } from '../wire/vchanPath';
import { chooseVchanOrders, vchanRingPages } from '../wire/vchanRings';
import { domainPath, isAtOrBelow } from '../wire/xsPath';
import type { Verdict } from './edit';
import type { VchanPlan } from './vchanPlan';

export interface VchanGuardOptions {
  readonly store: StoreClient;
  readonly nameDomain: NameDomain;
  readonly isReal: boolean;
  readonly allowDomain0Edits: () => boolean;
  /** Whether a client is at that vchan of a domain now; undefined, or absent, where that cannot be seen. */
  readonly hasClient?: (server: number, gref: number) => boolean | undefined;
  /** Whether that domain lends a page under that grant; undefined, or absent, where that cannot be seen. */
  readonly isLent?: (domid: number, gref: number) => boolean | undefined;
}

const domain0 = domainPath(0);
/** Where the vchans of domain 0 are offered: nothing that was there before is touched. */
const vchansOfDomain0 = `${domain0}/data/vchan`;

export async function judgeVchan(plan: VchanPlan, options: VchanGuardOptions): Promise<Verdict> {
  const problem = planProblem(plan);
  if (problem !== undefined) return refuse(problem);
  const own = await ownDomid(plan, options.store);
  const verdict = await (plan.role === 'server'
    ? judgeServer(plan, own, options)
    : judgeClient(plan, own, options));
  return verdict.verdict === 'allow' && options.isReal ? { ...verdict, verdict: 'confirm' } : verdict;
}

/** What is wrong with a plan by itself. */
function planProblem({ role, peer, path, leftBytes = 0, rightBytes = 0 }: VchanPlan): string | undefined {
  if (!Number.isInteger(peer) || peer < 0 || peer > 0x7fef) {
    return `${peer} is no number of a domain: it must be a whole number from 0 to 32751.`;
  }
  const problem = vchanPathProblem(path);
  if (problem !== undefined) return problem;
  if (role === 'server' && !chooseVchanOrders(leftBytes, rightBytes)) {
    return 'A ring of a vchan has at most 1 MiB, which is 1048576 bytes.';
  }
  return undefined;
}

async function judgeServer(plan: VchanPlan, own: number, options: VchanGuardOptions): Promise<Verdict> {
  const { store, nameDomain, isReal, allowDomain0Edits } = options;
  const { peer, leftBytes = 4096, rightBytes = 4096, persistent = false } = plan;
  const base = absolutePath(plan.path, own);
  const place = await lookAtPlace(store, base, own).catch(unlessMissing);
  const replaced = place?.kind === 'vchan' ? place.vchan : undefined;
  const taken = await whyNotFree(store, base, own, replaced?.ringRef).catch(unlessMissing);
  if (taken) return refuse(taken.message, [taken.wayOut!]);
  const touchesDomain0 = isAtOrBelow(base, domain0) && !base.startsWith(`${vchansOfDomain0}/`);
  if (isReal && touchesDomain0 && !allowDomain0Edits()) {
    return refuse(`${base} is a path of domain 0 itself, and this is a real host.`, [
      `Below ${vchansOfDomain0}/ a vchan may be offered.`,
      'To insist, turn on the setting "xenscope.allowDomain0Edits".',
    ]);
  }
  const [server, client] = [nameDomain(own), nameDomain(peer)];
  const orders = chooseVchanOrders(leftBytes, rightBytes)!;
  const pages = vchanRingPages(orders.left) + vchanRingPages(orders.right);
  return {
    verdict: replaced ? 'confirm' : 'allow',
    ...(replaced && { replaces: replaced.ringRef }),
    text: `${server} offers a vchan to ${client}: ${VCHAN_RING_REF} and ${VCHAN_EVENT_CHANNEL} are written to ${base}.`,
    details: [
      ...(replaced ? replacedLines(replaced, own, options) : []),
      `Both nodes get the permissions n${own},r${peer}: they belong to ${server}, ${client} may read them, and nobody else.`,
      `The ring to the server holds ${bytesOf(orders.left)}, the one to the client ${bytesOf(orders.right)}; ${pagesText(pages + 1, server)} lent to ${client}.`,
      persistent
        ? 'It stays when its client leaves, and waits for the next one.'
        : 'It is over when its client leaves.',
      'Closing it removes the nodes, and the folders that came with them.',
      ...engineLines(plan, isReal),
      ...(await whoIsThere(peer, options)),
    ],
  };
}

/** A server that was killed leaves its nodes; one that is there would not know that nobody finds it any more. */
function replacedLines(replaced: OfferedVchan, own: number, options: VchanGuardOptions): string[] {
  const isThere = options.isLent?.(own, Number(replaced.ringRef));
  const who =
    isThere === undefined
      ? 'If its server is still there, no client finds it any more.'
      : isThere
        ? 'Its page is still lent: its server may be there, and no client would find it any more.'
        : 'Its page is lent no longer: its server has ended without cleaning up.';
  return [
    `A vchan is offered there already, and this one takes its place: ${namedOf(replaced)} are replaced. ${who}`,
  ];
}

async function judgeClient(plan: VchanPlan, own: number, options: VchanGuardOptions): Promise<Verdict> {
  const { store, nameDomain } = options;
  const base = absolutePath(plan.path, own);
  const [client, server] = [nameDomain(own), nameDomain(plan.peer)];
  const gref = await readIfThere(store, `${base}/${VCHAN_RING_REF}`);
  const isTaken = gref !== undefined && options.hasClient?.(plan.peer, Number(gref)) === true;
  return {
    verdict: isTaken ? 'confirm' : 'allow',
    text: `${client} connects as client to the vchan that ${server} offers at ${base}.`,
    details: [
      ...(isTaken ? ['A client is there already: two of them at one end break each other’s indices.'] : []),
      await whatIsOffered(store, base, own, options),
      'Nothing is written to the xenstore. The page of the server is mapped, and says from then on that a client is there.',
      'A server that is not persistent takes one client, and is over when that one leaves.',
      ...engineLines(plan, options.isReal),
    ],
  };
}

function engineLines({ engine }: VchanPlan, isReal: boolean): string[] {
  if (engine !== 'libxenvchan') return [];
  if (!isReal) return ['Xenscope moves the bytes itself: libxenvchan opens vchans of a real Xen only.'];
  return ['The libxenvchan of this machine does it: an index that cannot be is no error there.'];
}

async function whatIsOffered(
  store: StoreClient,
  base: string,
  own: number,
  { nameDomain }: VchanGuardOptions,
): Promise<string> {
  const node = `${base}/${VCHAN_RING_REF}`;
  const gref = await readIfThere(store, node);
  if (gref === undefined) return 'Nobody offers one there now.';
  const perms = await store.getPerms(node).catch(unlessMissing);
  const mayRead = (domid: number) =>
    domid === 0 ||
    perms === undefined ||
    perms[0]?.domid === domid ||
    (perms.slice(1).find((perm) => perm.domid === domid) ?? perms[0])?.read === true;
  if (mayRead(own)) return `It is offered there under grant ${gref}.`;
  const readers = perms!.slice(1).filter(({ read }) => read);
  const whom = readers.map(({ domid }) => nameDomain(domid)).join(', ') || 'nobody';
  return `It is offered there to ${whom}, and not to ${nameDomain(own)}, who may not read its nodes.`;
}

async function whoIsThere(peer: number, { store, nameDomain }: VchanGuardOptions): Promise<string[]> {
  if (peer === 0) return [];
  const isMissing = await store.read(`${domainPath(peer)}/domid`).then(
    () => false,
    // Where we may not look nobody says that there is none.
    (error: unknown) => unlessMissing(error) === undefined && isStoreError(error, 'ENOENT'),
  );
  return !isMissing ? [] : [`There is no ${nameDomain(peer)} now; nobody else can connect.`];
}

/** Of the domain that we are. */
export async function ownDomid({ actAs }: VchanPlan, store: StoreClient): Promise<number> {
  return actAs ?? readOwnDomid(store);
}

export function absolutePath(path: string, own: number): string {
  return path.startsWith('/') ? path : `${domainPath(own)}/${path}`;
}

async function readIfThere(store: StoreClient, path: string): Promise<string | undefined> {
  const value = await store.read(path).catch(unlessMissing);
  return value?.toString('latin1').slice(0, 40);
}

function unlessMissing(error: unknown): undefined {
  if (isStoreError(error, 'ENOENT') || isStoreError(error, 'EACCES')) return undefined;
  throw error;
}

function bytesOf(order: number): string {
  return `${2 ** order} bytes (order ${order})`;
}

function pagesText(pages: number, owner: string): string {
  return pages === 1 ? `1 page of ${owner} is` : `${pages} pages of ${owner} are`;
}

function refuse(text: string, details: readonly string[] = []): Verdict {
  return { verdict: 'refuse', text, details };
}
