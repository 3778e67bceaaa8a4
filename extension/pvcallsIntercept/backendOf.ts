/** Which of the backends that can be intercepted serves a device. */
import type { InterceptBackend, InterceptChoices } from '../../server/rpc/api';

/** `openOwn`: none of ours is open yet, and that one may come to serve it. `none`: nothing can stand before it. */
export function backendOf(
  backend: { readonly domid: number },
  { backends, own }: InterceptChoices,
): InterceptBackend | 'openOwn' | 'none' {
  const serving = backends.find(({ servesDevice }) => servesDevice === true);
  if (serving) return serving;
  if (own === 'closed') return 'openOwn';
  // On a real host the domain of our own backend may have another one besides, which serves it then.
  if (own === 'open') return 'none';
  return backends.find(({ domid }) => domid === backend.domid) ?? 'none';
}
