/** Whose command ring a composer is about, as it is called. */
import type { ComposerPlan } from '../../server/rpc/api';
import type { ToPvCallsComposer } from '../../webview/messages';
import { texts } from '../texts';

type About = Extract<ToPvCallsComposer, { kind: 'about' }>;
export type ComposerSubject = Omit<About, 'kind' | 'hostLabel' | 'simulated' | 'lines'>;

export function titleOf({ frontend, backend }: ComposerSubject): string {
  return `PV Calls: ${frontend} → ${backend}`;
}

/** Whose ring a plan is about. */
export function subjectOf(
  host: string,
  plan: ComposerPlan,
  nameOf: (domid: number) => string,
  foreign: readonly { readonly device: string; readonly domid: number; readonly backend: number }[],
): ComposerSubject {
  if (plan.kind === 'own') {
    const frontend = plan.actAs === undefined ? texts.composer.ownDomain : nameOf(plan.actAs);
    return { host, plan, frontend, backend: nameOf(plan.backend) };
  }
  const found = foreign.find(({ device }) => device === plan.device);
  const name = (domid: number | undefined) => (domid === undefined ? plan.device : nameOf(domid));
  return { host, plan, frontend: name(found?.domid), backend: name(found?.backend) };
}
