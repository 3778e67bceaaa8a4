/** xenconsoled: gives each new domain's console a terminal, and takes it back when the domain goes. */
import type { StoreClient } from '../../host/storeClient';
import { domainPath } from '../../wire/xsPath';
import { readText } from '../devices/xenbus';
import type { Domain } from '../domain';

export async function runConsoled(dom0: Domain): Promise<void> {
  const store = dom0.openStore();
  /** The terminal of each domain that is served, and how to stop serving it. */
  const served = new Map<number, { pts: number; gone: AbortController }>();

  const lookAround = async () => {
    const present = new Set(
      (await store.directory('/local/domain')).map(Number).filter((domid) => domid > 0),
    );
    for (const [domid, { gone }] of served) {
      if (present.has(domid)) continue;
      served.delete(domid);
      gone.abort(new Error(`domain ${domid} is gone`));
    }
    for (const domid of present) {
      if (served.has(domid)) continue;
      const gone = new AbortController();
      const pts = lowestFree([...served.values()].map((each) => each.pts));
      served.set(domid, { pts, gone });
      const signal = AbortSignal.any([gone.signal, dom0.signal]);
      dom0.start(`console of domain ${domid}`, () => serveConsole(dom0, store, { domid, pts, signal }));
    }
  };

  dom0.start('xenconsoled', () => dom0.follow('@releaseDomain', lookAround, { store }));
  await dom0.follow('@introduceDomain', lookAround, { store });
}

/** Waits until the toolstack has described the console, then names the terminal there. */
async function serveConsole(
  dom0: Domain,
  store: StoreClient,
  { domid, pts, signal }: { domid: number; pts: number; signal: AbortSignal },
): Promise<void> {
  const folder = `${domainPath(domid)}/console`;
  await dom0.follow(
    folder,
    async () => {
      if ((await readText(store, `${folder}/ring-ref`)) === undefined) return;
      await store.transaction(async (transaction) => {
        // The domain may have gone meanwhile, and must not come back as an empty shell.
        if ((await readText(transaction, `${folder}/port`)) === undefined) return;
        await transaction.write(`${folder}/tty`, `/dev/pts/${pts}`);
      });
      return 'done';
    },
    { store, signal },
  );
}

function lowestFree(used: readonly number[]): number {
  let pts = 0;
  while (used.includes(pts)) pts++;
  return pts;
}
