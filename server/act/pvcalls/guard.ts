/** Says before a composer is opened what that does, and whether it may be. It only reads. */
import type { StoreClient } from '../../host/storeClient';
import type { NameDomain } from '../../model/meaning';
import { domainPath } from '../../wire/xsPath';
import { readText } from '../../xenbus/nodes';
import type { NodeChange } from '../devices/deviceAct';
import type { Verdict } from '../edit';
import { readOwnDomid } from '../../vchan/ownDomid';
import { type BackendsAround, backendOf } from './choices';
import { foreignAt } from './foreignDevices';
import { freePlace, newNodes } from '../../pvcalls/frontend/deviceNodes';
import type { ComposerPlan } from './plan';

export interface ComposerGuardOptions extends BackendsAround {
  readonly store: StoreClient;
  readonly nameDomain: NameDomain;
}

export type ComposerVerdict = Verdict & { readonly changes: readonly NodeChange[] };

const lastDomid = 0x7fef;

export const whyNoForeign =
  'On a real host nobody else’s ring is written into: it would take its guest’s requests away, and break its driver.';

export function judgeComposer(plan: ComposerPlan, options: ComposerGuardOptions): Promise<ComposerVerdict> {
  return plan.kind === 'own' ? judgeOwn(plan, options) : judgeForeign(plan.device, options);
}

/** Of the domain that has the frontend. */
export function ownDomidOf(plan: ComposerPlan & { kind: 'own' }, store: StoreClient): Promise<number> {
  return plan.actAs === undefined ? readOwnDomid(store) : Promise.resolve(plan.actAs);
}

async function judgeOwn(
  plan: ComposerPlan & { kind: 'own' },
  { store, nameDomain, isReal, ground }: ComposerGuardOptions,
): Promise<ComposerVerdict> {
  for (const domid of [plan.backend, plan.actAs ?? 0]) {
    if (!Number.isInteger(domid) || domid < 0 || domid > lastDomid) {
      return refuse(`${domid} is no number of a domain: it must be a whole number from 0 to ${lastDomid}.`);
    }
  }
  if (plan.edition !== undefined && plan.edition !== 'final' && plan.edition !== 'draft7') {
    return refuse('There are two editions of the protocol: “final” and “draft7”.');
  }
  const own = await ownDomidOf(plan, store);
  for (const domid of new Set([own, plan.backend])) {
    if (!(await isThere(store, domid))) return refuse(`There is no ${nameDomain(domid)} now.`);
  }
  const place = await freePlace(store, own, plan.backend);
  const [ownName, backendName] = [nameDomain(own), nameDomain(plan.backend)];
  const { serves, text } = await backendOf(store, plan.backend, { isReal, ground });
  return {
    verdict: isReal ? 'confirm' : 'allow',
    text: `${ownName} gets a new PV Calls device, number ${place.devid}, with its backend in ${backendName}.`,
    details: [
      ...(serves === 'yes' ? [] : [text]),
      `The nodes are written as a toolstack writes them: ${ownName} owns the frontend’s, ${backendName} the backend’s, and each may read the other’s.`,
      `One page of ${ownName} is lent to ${backendName} for the command ring, and more with each CONNECT and ACCEPT.`,
      ...(isReal
        ? [`A driver for PV Calls in the kernel of ${ownName} would try to take the device as well.`]
        : []),
      'Closing it closes both ends in order, removes the nodes, and gives pages and event channels back.',
    ],
    changes: newNodes(place).map(({ path, value }) => ({ path, to: value })),
  };
}

async function judgeForeign(
  device: string,
  { store, nameDomain, isReal }: ComposerGuardOptions,
): Promise<ComposerVerdict> {
  if (isReal) return refuse(whyNoForeign, ['The simulator lets you do it.']);
  const foreign = await foreignAt(store, device);
  if (typeof foreign === 'string') return refuse(foreign);
  if (foreign.problem !== undefined) return refuse(foreign.problem);
  const [guest, backend] = [nameDomain(foreign.domid), nameDomain(foreign.backend)];
  return {
    verdict: 'confirm',
    text: `Requests are written into the command ring of ${guest}, behind the back of its driver.`,
    details: [
      `The backend in ${backend} takes them for ${guest}’s own, and answers to ${guest}: here the answers are only seen to pass.`,
      `The driver of ${guest} counts its requests itself and does not know of these: its own next request lies where one of these lay, and is not seen.`,
      'It finds responses that it never asked for, and most drivers give the device up then.',
      'Nothing is written to the xenstore. What a request names, a grant or an event channel, must be the guest’s.',
    ],
    changes: [],
  };
}

async function isThere(store: StoreClient, domid: number): Promise<boolean> {
  return domid === 0 || (await readText(store, `${domainPath(domid)}/domid`)) !== undefined;
}

function refuse(text: string, details: readonly string[] = []): ComposerVerdict {
  return { verdict: 'refuse', text, details, changes: [] };
}
