/**
 * Guests on their rings, or the same requests over the socket: the load of the rows that are about
 * rings. In a process of its own, so that both ends of a page are in different ones.
 *
 *     guest socket=PATH pid=SERVER over=ring|socket work=read|write [conns=N] [depth=N]
 *           [warmup=SECONDS] [seconds=SECONDS]
 *
 * Each of `conns` guests keeps `depth` equal requests in flight. Prints one phase as load.c does.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../server/cli/systemClock';
import { PAGE_BYTES } from '../../server/host/pages';
import type { Dial } from '../../server/store/byteStream';
import { dialRing } from '../../server/store/client/ringDial';
import { unixDial } from '../support/unixDial';
import { openStoreClient } from '../../server/store/client/storeClient';
import { rawFrame } from '../support/rawConnection';
import { mapRingPage, portsFile, ringFile } from './folderRings';
import { Measure } from './guestMeasure';
import { makePipe, PipeBells } from './pipeBells';
import { RequestLoop } from './requestLoop';

const value = 'sixteen bytes ok';
/** Requests that a ring of 1,024 bytes holds with room to spare. */
const maxDepth = 16;

interface Arguments {
  readonly socket: string;
  readonly pid: number;
  readonly over: 'ring' | 'socket';
  readonly work: 'read' | 'write';
  readonly conns: number;
  readonly depth: number;
  readonly warmup: number;
  readonly seconds: number;
}

function parseArguments(words: readonly string[]): Arguments {
  const given = new Map(words.map((word) => word.split('=', 2) as [string, string]));
  const number = (name: string, otherwise: number) => Number(given.get(name) ?? otherwise);
  const [work, over] = [given.get('work'), given.get('over')];
  const depth = number('depth', 1);
  if ((work !== 'read' && work !== 'write') || (over !== 'ring' && over !== 'socket') || depth > maxDepth) {
    throw new Error(`work is read or write, over is ring or socket, depth at most ${maxDepth}.`);
  }
  return {
    ...{ socket: given.get('socket')!, pid: number('pid', 0), over, work, depth },
    ...{ conns: number('conns', 1), warmup: number('warmup', 0.5), seconds: number('seconds', 1) },
  };
}

/** As dom0: what the guests find, and for the ring way the guests themselves. */
async function prepare({ socket, over, conns }: Arguments, folder: string): Promise<void> {
  const dom0 = openStoreClient({ dial: unixDial(socket), clock: systemClock });
  for (let domid = 1; domid <= conns; domid++) {
    await dom0.write(nodeOf(domid), value);
    await dom0.setPerms(nodeOf(domid), [{ domid: 0, read: true, write: true }]);
    if (over === 'socket') continue;
    if (!existsSync(ringFile(folder, domid)))
      writeFileSync(ringFile(folder, domid), Buffer.alloc(PAGE_BYTES));
    await dom0.introduce(domid, 1, 7);
  }
  await dom0.close();
}

function nodeOf(domid: number): string {
  return `/bench/c${domid}`;
}

/** The server's ports by domid, as the server wrote them down. */
function portsIn(folder: string): Map<number, number> {
  const lines = readFileSync(portsFile(folder), 'utf8').trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const [port, domid] = line.split(' ').map(Number);
      return [domid!, port!];
    }),
  );
}

function ringDials(folder: string, conns: number): Dial[] {
  const bells = new PipeBells(folder, 'guest');
  const ports = portsIn(folder);
  return Array.from({ length: conns }, (_, at) => {
    const { memory } = mapRingPage(folder, at + 1);
    return dialRing({ memory, port: bells.bind(ports.get(at + 1)!), clock: systemClock });
  });
}

async function main(): Promise<void> {
  const args = parseArguments(process.argv.slice(2));
  const { socket, over, work, conns, depth, pid } = args;
  const folder = path.dirname(socket);
  if (over === 'ring') makePipe(folder, 'rung');
  await prepare(args, folder);
  const measure = new Measure(pid);
  const dials = over === 'ring' ? ringDials(folder, conns) : Array<Dial>(conns).fill(unixDial(socket));
  const expected = work === 'read' ? value : 'OK\0';
  for (const [at, dial] of dials.entries()) {
    const payload = work === 'read' ? `${nodeOf(at + 1)}|` : `${nodeOf(at + 1)}|${value}`;
    const request = rawFrame({ type: work === 'read' ? 'READ' : 'WRITE', reqId: 1, payload });
    await new RequestLoop({ request, expected: Buffer.from(expected), depth, measure }).start(dial);
  }
  setTimeout(() => {
    measure.start();
    setTimeout(() => {
      console.log(JSON.stringify(measure.phase(work)));
      process.exit(0);
    }, args.seconds * 1000);
  }, args.warmup * 1000);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
