/** One end of a vchan with our engine, measured: the same work, words and lines as vchanPeer.c. */
import { openNativeHost } from '../../native/host';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { systemClock, systemRandom } from '../../server/cli/systemClock';
import { dialSocket } from '../../server/store/client/socketDial';
import { openStoreHost } from '../../server/store/client/socketHost';
import { connectVchan } from '../../server/vchan/connect';
import type { VchanEngineName } from '../../server/vchan/ports';
import { serveVchan } from '../../server/vchan/serve';
import type { Vchan } from '../../server/vchan/vchan';

const readBytes = 65_536;
const maxLatencyUs = 100_000;
/** Messages between two looks at the clock. */
const batch = 64;
const buckets = new Uint32Array(maxLatencyUs + 1);

async function writeAll(vchan: Vchan, message: Uint8Array): Promise<void> {
  const done = vchan.tryWrite(message);
  if (done < message.length) await vchan.write(message.subarray(done));
}

/** False when the other side has left. */
async function receive(vchan: Vchan, into: Uint8Array): Promise<boolean> {
  for (let got = 0; got < into.length;) {
    const count = vchan.tryRead(into.subarray(got)) || (await vchan.read(into.subarray(got)));
    if (count === 0) return false;
    got += count;
  }
  return true;
}

async function serve(vchan: Vchan, isPing: boolean, message: Uint8Array): Promise<void> {
  if (isPing) {
    while (await receive(vchan, message)) await writeAll(vchan, message);
    return;
  }
  const into = new Uint8Array(readBytes);
  while ((vchan.tryRead(into) || (await vchan.read(into))) > 0);
}

/** Messages until then. */
async function play(vchan: Vchan, isPing: boolean, message: Uint8Array, untilMs: number): Promise<number> {
  let count = 0;
  if (isPing) {
    for (let before = performance.now(); before < untilMs; count++) {
      await writeAll(vchan, message);
      await receive(vchan, message);
      const after = performance.now();
      const took = Math.min(maxLatencyUs, Math.round((after - before) * 1000));
      buckets[took] = buckets[took]! + 1;
      before = after;
    }
    return count;
  }
  do {
    for (let at = 0; at < batch; at++, count++) {
      const done = vchan.tryWrite(message);
      if (done < message.length) await vchan.write(message.subarray(done));
    }
  } while (performance.now() < untilMs);
  return count;
}

function percentile(share: number, all: number): number {
  let seen = 0;
  return Math.max(
    0,
    buckets.findIndex((count) => (seen += count) >= share * all),
  );
}

async function main(): Promise<void> {
  const [role, path, ringBytes, work, messageBytes, warmup, seconds, engine] = process.argv.slice(
    2,
  ) as string[];
  const message = new Uint8Array(Number(messageBytes));
  const isPing = work === 'ping';
  const dial = dialSocket(process.env['XENSTORED_PATH']!);
  const store = openStoreHost({ dial, clock: systemClock, random: systemRandom });
  const libraries = new XenLibraries({ folders: [process.env['XENBENCH_FOLDER']!] });
  const host = openNativeHost({ store, libraries });
  const ports = host.openProgram!();
  const how = { path: path!, engine: (engine ?? 'own') as VchanEngineName };
  if (role === 'server') {
    const sizes = { leftBytes: Number(ringBytes), rightBytes: Number(ringBytes) };
    const vchan = await serveVchan(ports, { clientDomid: 0, ...sizes, ...how });
    process.stdout.write('ready\n');
    await serve(vchan, isPing, message).catch(() => undefined);
    await vchan.close();
    await host.close();
    return;
  }
  const vchan = await connectVchan(ports, { serverDomid: 0, ...how });
  await play(vchan, isPing, message, performance.now() + Number(warmup) * 1000);
  buckets.fill(0);
  process.stdout.write('start\n');
  const startedMs = performance.now();
  const ops = await play(vchan, isPing, message, startedMs + Number(seconds) * 1000);
  const took = (performance.now() - startedMs) / 1000;
  const [p50Us, p99Us] = [percentile(0.5, ops), percentile(0.99, ops)];
  process.stdout.write(`${JSON.stringify({ ops, seconds: took, p50Us, p99Us })}\n`);
  await vchan.close();
  await host.close();
}

void main();
