/** Which backend a panel stands before. */
import type { KeptIntercept } from '../../webview/messages';

/** On a real host it is our own; it ends with the panel unless a guest is connected. */
export interface InterceptSubject {
  readonly host: string;
  readonly domid: number;
  readonly isOwn: boolean;
}

/** As a page has kept it, if it is that: another version of ours may have written it. */
export function keptSubject(kept: KeptIntercept | undefined): InterceptSubject | undefined {
  const { host, domid, isOwn } = (kept?.about ?? {}) as Partial<InterceptSubject>;
  if (typeof host !== 'string' || typeof isOwn !== 'boolean') return undefined;
  return domid !== undefined && Number.isInteger(domid) ? { host, domid, isOwn } : undefined;
}
