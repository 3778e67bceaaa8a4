/** Opens an end of a vchan once the person knows what that does, and agrees where the host asks. */
import type { VchanPlan, VchanPreview } from '../../server/rpc/api';
import { type Person, openFor } from '../guarded';
import type { Server } from '../hosts';
import type { Opened } from './subject';

/** Undefined: it was refused, and the person was told, or thought better of it. */
export async function openPlan(
  server: Pick<Server, 'request'>,
  host: string,
  plan: VchanPlan,
  person: Person,
): Promise<Opened | undefined> {
  const done = await openFor(person, {
    preview: () => server.request('xenscope/vchanPreview', { host, plan }),
    open: (confirmed, { replaces }: VchanPreview) => {
      const agreed = replaces === undefined ? plan : { ...plan, replaces };
      return server.request('xenscope/vchanOpen', { host, plan: agreed, confirmed });
    },
  });
  return done && { consoleId: done.opened.consoleId, lines: done.lines };
}
