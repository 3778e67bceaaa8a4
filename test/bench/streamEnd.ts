/**
 * One of the three programs that streams pass through: `network` has a server on loopback, `backend` serves PV
 * Calls, `guest` has the streams, through data rings or straight over loopback.
 *
 *   streamEnd network
 *   streamEnd backend
 *   streamEnd guest WAY PORT STREAMS out|in WARMUP SECONDS       WAY: loopback, or the order of the data rings
 *
 * The guest says `start` after its warm-up, and then how many MiB passed as a line of JSON. A connection begins
 * with a byte that says who is to write: `o` the guest, `i` the server.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { openNativeHost } from '../../native/host';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { nodeNetwork } from '../../server/cli/nodeNetwork';
import { systemClock, systemRandom } from '../../server/cli/systemClock';
import { pvcallsFrontend } from '../../server/pvcalls/frontend/frontDevice';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import { PvCallsServing } from '../../server/pvcalls/serving';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreHost } from '../../server/store/client/socketHost';
import { runFrontends } from '../../server/xenbus/bus';
import { xenbusPorts } from '../../server/xenbus/ports';

const host = '127.0.0.1';
const chunk = Buffer.alloc(64 * 1024);
const mebibyte = 2 ** 20;

const say = (line: string) => process.stdout.write(`${line}\n`);
const leave = (error: Error) => {
  process.stderr.write(`streamEnd: ${error.message}\n`);
  process.exit(1);
};

/** Writes as fast as it is taken, for as long as it is open; `wrote` is told of each piece. */
function pour(stream: Duplex, wrote: (bytes: number) => void = () => undefined): void {
  const goOn = () => {
    do wrote(chunk.length);
    while (stream.write(chunk));
  };
  stream.on('drain', goOn);
  goOn();
}

async function network(): Promise<void> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first) => {
      if (first[0] === 'i'.charCodeAt(0)) pour(socket);
      else socket.on('data', () => undefined);
    });
  });
  server.listen(0, host, 1024);
  await once(server, 'listening');
  say(String((server.address() as AddressInfo).port));
}

function openProgram() {
  const dial = dialSocket(process.env['XENSTORED_PATH']!);
  const store = openStoreHost({ dial, clock: systemClock, random: systemRandom });
  const libraries = new XenLibraries({ folders: [process.env['XENBENCH_FOLDER']!] });
  return openNativeHost({ store, libraries }).openProgram!();
}

function backend(): void {
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const allow = [`${host}/32`];
  new PvCallsServing({
    program: openProgram(),
    ...{ domid: 0, clock: systemClock, network: nodeNetwork, allow, wayOutOf: () => '', log },
  });
  say('ready');
}

/** The frontend of the device that the toolstack has given to this domain, when it is connected. */
function connected(): Promise<PvCallsFrontend> {
  const { signal } = new AbortController();
  const ports = xenbusPorts({ ...openProgram(), domid: 0, clock: systemClock, signal });
  return new Promise((resolve) => {
    void runFrontends(ports, { pvcalls: pvcallsFrontend({ onConnected: resolve }) });
  });
}

async function guest(words: readonly string[]): Promise<void> {
  const [way, port, streams, direction, warmup, seconds] = words as string[];
  const to = { host, port: Number(port) };
  const frontend = way === 'loopback' ? undefined : await connected();
  const open = (): Promise<Duplex> => {
    if (frontend) return frontend.connect(to, { order: Number(way) });
    const socket = connect({ ...to, noDelay: true });
    return once(socket, 'connect').then(() => socket);
  };
  let bytes = 0;
  const count = (passed: number) => (bytes += passed);
  const all = await Promise.all(Array.from({ length: Number(streams) }, open));
  for (const stream of all) {
    stream.on('error', leave);
    stream.write(direction === 'in' ? 'i' : 'o');
    if (direction === 'in') stream.on('data', ({ length }: Buffer) => count(length));
    else pour(stream, count);
  }
  await sleep(Number(warmup) * 1000);
  bytes = 0;
  say('start');
  const startedMs = performance.now();
  await sleep(Number(seconds) * 1000);
  say(JSON.stringify({ ops: bytes / mebibyte, seconds: (performance.now() - startedMs) / 1000 }));
}

// A profile is written by a process that exits, and by none that is interrupted.
process.on('SIGINT', () => process.exit());
const [role, ...words] = process.argv.slice(2);
if (role === 'network') void network();
else if (role === 'backend') backend();
else void guest(words).catch(leave);
