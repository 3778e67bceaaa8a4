/** Whose command ring a composer is about, as it is called. */
import type { ComposerPlan } from '../../server/rpc/api';
import type { KeptComposer, ToPvCallsComposer } from '../../webview/messages';
import { texts } from '../texts';

type About = Extract<ToPvCallsComposer, { kind: 'about' }>;
export type ComposerSubject = Omit<About, 'kind' | 'hostLabel' | 'simulated' | 'lines'>;

export function titleOf({ frontend, backend }: ComposerSubject): string {
  return `Compose: ${frontend} → ${backend}`;
}

/** What a page has kept of its session, if it is that: another version of ours may have written it. */
export function keptAbout(kept: KeptComposer | undefined): KeptComposer['about'] {
  const about: Partial<About> = kept?.about ?? {};
  const words = [about.host, about.frontend, about.backend, about.hostLabel];
  const areLines = Array.isArray(about.lines) && about.lines.every((line) => typeof line === 'string');
  return isPlan(about.plan) && areLines && words.every((word) => typeof word === 'string')
    ? kept?.about
    : undefined;
}

function isPlan(plan: Partial<ComposerPlan> | undefined): boolean {
  if (plan?.kind === 'foreign') return typeof plan.device === 'string';
  if (plan?.kind !== 'own' || !Number.isInteger(plan.backend)) return false;
  const { actAs, edition } = plan;
  return (actAs === undefined || Number.isInteger(actAs)) && [undefined, 'final', 'draft7'].includes(edition);
}

/** As ComposerChoices has it. */
interface Known {
  readonly ownDomid?: number;
  readonly foreign: readonly { readonly device: string; readonly domid: number; readonly backend: number }[];
}

/** Whose ring a plan is about. */
export function subjectOf(
  host: string,
  plan: ComposerPlan,
  nameOf: (domid: number) => string,
  { ownDomid, foreign }: Known,
): ComposerSubject {
  if (plan.kind === 'own') {
    const own = plan.actAs ?? ownDomid;
    const frontend = own === undefined ? texts.composer.ownDomain : nameOf(own);
    return { host, plan, frontend, backend: nameOf(plan.backend) };
  }
  const found = foreign.find(({ device }) => device === plan.device);
  const name = (domid: number | undefined) => (domid === undefined ? plan.device : nameOf(domid));
  return { host, plan, frontend: name(found?.domid), backend: name(found?.backend) };
}
