/** Opens one end of a vchan by hand, or leads to the ring of one that others have. */
import type { Xenscope } from '../context';
import { RingPanel } from '../panels/ring';
import { openVchanPanel } from '../panels/vchan';
import { ringOwner } from '../rings/ringTexts';
import { pickPlan } from '../vchan/pickPlan';
import { shownHost } from './target';

/** From the palette, or for the row of a domain or of a vchan's ring. */
export async function openVchan(xenscope: Xenscope, argument: unknown): Promise<void> {
  const row = (argument ?? {}) as { host?: string; domid?: number; ring?: string };
  const host = row.host ?? (await shownHost(xenscope)).id;
  const choices = await xenscope.connection.request('xenscope/vchanChoices', { host });
  const domid = row.domid ?? (row.ring === undefined ? undefined : ringOwner(row.ring));
  const around = {
    ...(domid !== undefined && { domid }),
    ...(row.ring !== undefined && { ring: row.ring }),
  };
  const plan = await pickPlan(xenscope, host, choices, around);
  if (plan === 'watch') RingPanel.open(xenscope, host, row.ring!);
  else if (plan) await openVchanPanel(xenscope, host, plan);
}
