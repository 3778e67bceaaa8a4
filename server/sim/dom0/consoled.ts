/**
 * xenconsoled: gives each new domain's console a terminal, reads what the domain prints, and takes
 * the terminal back when the domain goes.
 */
import { XenscopeError } from '../../host/errors';
import type { EventChannels } from '../../host/events';
import type { Grants } from '../../host/grants';
import type { StoreClient } from '../../host/storeClient';
import { domainPath } from '../../wire/xsPath';
import { readText } from '../../xenbus/nodes';
import type { Domain } from '../domain';
import { CONSOLE_GREF } from '../machine/grantTable';

/** How much of what a domain printed a terminal shows. */
const maxTerminalChars = 8192;

export interface ConsoleReading {
  close(): void;
}

export interface ConsoledPorts {
  readonly grants: Grants;
  readonly events: EventChannels;
  /** Begins to read a console; `onText` is given what comes. Undefined when the domain is gone. */
  read(
    domid: number,
    ends: { memory: ReturnType<Grants['map']>['memory']; port: ReturnType<EventChannels['bindUnbound']> },
    onText: (text: string) => void,
  ): ConsoleReading | undefined;
}

/** What stands on the terminals, by domid. */
export type Terminals = Map<number, string>;

export async function runConsoled(dom0: Domain, ports: ConsoledPorts, terminals: Terminals): Promise<void> {
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
      const console = { domid, pts, signal };
      dom0.start(`console of domain ${domid}`, () => serveConsole(dom0, store, ports, terminals, console));
    }
  };

  dom0.start('xenconsoled', () => dom0.follow('@releaseDomain', lookAround, { store }));
  await dom0.follow('@introduceDomain', lookAround, { store });
}

interface Console {
  readonly domid: number;
  readonly pts: number;
  /** Aborted when the domain is gone. */
  readonly signal: AbortSignal;
}

/** Names the terminal once the toolstack has described the console, and reads; again when it describes it anew. */
async function serveConsole(
  dom0: Domain,
  store: StoreClient,
  ports: ConsoledPorts,
  terminals: Terminals,
  { domid, pts, signal }: Console,
): Promise<void> {
  const folder = `${domainPath(domid)}/console`;
  let line: { readonly port: number; close(): void } | undefined;
  try {
    await dom0.follow(
      folder,
      async () => {
        const port = Number((await readText(store, `${folder}/port`)) ?? NaN);
        if (!(port > 0) || (await readText(store, `${folder}/ring-ref`)) === undefined) return;
        const isNew = await nameTerminal(store, folder, `/dev/pts/${pts}`);
        // Described anew it is another console, though its numbers may be those of the last one.
        if (line?.port === port && !isNew) return;
        line?.close();
        line = connect(dom0, ports, terminals, { domid, port });
      },
      { store, signal },
    );
  } finally {
    line?.close();
    terminals.delete(domid);
  }
}

/** Answers whether it had to be written. */
function nameTerminal(store: StoreClient, folder: string, terminal: string): Promise<boolean> {
  return store.transaction(async (transaction) => {
    // The domain may have gone meanwhile, and must not come back as an empty shell.
    if ((await readText(transaction, `${folder}/port`)) === undefined) return false;
    if ((await readText(transaction, `${folder}/tty`)) === terminal) return false;
    await transaction.write(`${folder}/tty`, terminal);
    return true;
  });
}

/** Maps the page and binds the doorbell. Undefined when that cannot be: somebody wrote nonsense, or the domain went. */
function connect(
  dom0: Domain,
  { grants, events, read }: ConsoledPorts,
  terminals: Terminals,
  { domid, port }: { readonly domid: number; readonly port: number },
): { readonly port: number; close(): void } | undefined {
  let bell: ReturnType<EventChannels['bindUnbound']> | undefined;
  let mapped: ReturnType<Grants['map']> | undefined;
  const letGo = () => {
    mapped?.unmap();
    bell?.close();
  };
  try {
    bell = events.bindInterdomain(domid, port);
    mapped = grants.map(domid, [CONSOLE_GREF], 'write');
    const reading = read(domid, { memory: mapped.memory, port: bell }, (text) =>
      terminals.set(domid, `${terminals.get(domid) ?? ''}${text}`.slice(-maxTerminalChars)),
    );
    if (!reading) {
      letGo();
      return undefined;
    }
    return {
      port,
      close: () => {
        reading.close();
        letGo();
      },
    };
  } catch (error) {
    letGo();
    if (!(error instanceof XenscopeError)) throw error;
    dom0.log(`the console of domain ${domid} cannot be read: ${error.message}`);
    return undefined;
  }
}

function lowestFree(used: readonly number[]): number {
  let pts = 0;
  while (used.includes(pts)) pts++;
  return pts;
}
