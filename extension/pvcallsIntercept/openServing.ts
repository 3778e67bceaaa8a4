/** Opens our own backend of PV Calls on a real host, once the person knows what that does and agrees. */
import type { Xenscope } from '../context';
import { openGuarded } from '../openGuarded';
import { settings } from '../settings';

/** The domain whose backend it is; undefined: it was refused, and the person was told, or thought better of it. */
export async function openServing({ connection }: Xenscope, host: string): Promise<number | undefined> {
  const allow = settings.pvcallsAllow();
  const done = await openGuarded({
    preview: () => connection.request('xenscope/servingPreview', { host, allow }),
    open: (confirmed) => connection.request('xenscope/servingOpen', { host, allow, confirmed }),
  });
  return done?.opened.domid;
}
