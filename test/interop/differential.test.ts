/**
 * The same random requests to our server and to Debian's C xenstored, in step: every reply and
 * every event must be the same. fast-check shrinks a difference to the requests that it needs.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { systemClock } from '../../server/cli/systemClock';
import { Xenstored } from '../../server/store/xenstored';
import { CONNECTIONS, operation, type Operation } from '../fuzz/operations';
import { effort, seed } from '../fuzz/seed';
import { RawConnection } from '../support/rawConnection';
import { unixDial } from '../support/unixDial';
import { describeWithDaemons } from './daemons/requirements';
import { startDaemon, type Daemon } from './daemons/startDaemon';

const RUNS = 2500 * effort;
const MAX_OPERATIONS = 60;
/** Those that exist for the daemon's stand-in of a hypervisor. */
const DOMIDS = [1, 2, 3, 5];

interface KnownDifference {
  readonly why: string;
  matches(operation: Operation, ours: string, theirs: string): boolean;
}

/** Where we differ from Debian's 4.17 on purpose. Everything else is a fault. */
const knownDifferences: readonly KnownDifference[] = [
  {
    why: '4.17 does not let the permissions of special names be read; newer versions and we do',
    matches: ({ type, payload }, ours, theirs) =>
      type === 'GET_PERMS' && payload.startsWith('@') && ours !== theirs && theirs === 'ERROR EINVAL',
  },
  // Not drawn: entries of a released domain in the permissions of others. 4.17 keeps them in the list
  // and ignores them; newer versions and we take them out.
];

/** One server as the test sees it: some connections, and what came back in words. */
class Side {
  private connections: RawConnection[] = [];
  /** The generation last seen of a node: the numbers may differ, the changes may not. */
  private readonly generations = new Map<string, string>();

  constructor(private readonly socketPath: string) {}

  /** Fresh connections on an empty store. */
  async reset(): Promise<void> {
    this.close();
    this.generations.clear();
    const dial = unixDial(this.socketPath);
    const first = await RawConnection.open(dial);
    for (const domid of DOMIDS) await first.ask('RELEASE', `${domid}|`);
    await first.ok('SET_PERMS', '/|n0|');
    const children = (await first.ask('DIRECTORY', '/|')).split('|').filter(Boolean);
    for (const child of children) await first.ask('RM', `/${child}|`);
    for (const special of ['@introduceDomain', '@releaseDomain'])
      await first.ask('SET_PERMS', `${special}|n0|`);
    await first.ok('WRITE', '/tool/xenstored|');
    this.connections = [first];
    while (this.connections.length < CONNECTIONS) this.connections.push(await RawConnection.open(dial));
  }

  async run(operation: Operation): Promise<{ reply: string; events: string[][] }> {
    const { conn, type, payload, txId } = operation;
    const reply = await this.connections[conn]!.ask(type, payload, txId);
    const events: string[][] = [];
    for (const connection of this.connections) events.push(await connection.takeEvents());
    return { reply: type === 'DIRECTORY_PART' ? this.withoutGeneration(operation, reply) : reply, events };
  }

  close(): void {
    for (const connection of this.connections) connection.close();
    this.connections = [];
  }

  private withoutGeneration({ payload, txId, conn }: Operation, reply: string): string {
    const [, generation, rest] = /^([0-9]+)(\|[^]*)$/.exec(reply) ?? [];
    if (generation === undefined) return reply;
    const node = `${conn} ${txId} ${payload.split('|')[0]}`;
    const isSame = this.generations.get(node) === generation;
    this.generations.set(node, generation);
    return (isSame ? 'same generation' : 'new generation') + rest;
  }
}

function isKnown(operation: Operation, ours: string, theirs: string): boolean {
  return knownDifferences.some((difference) => difference.matches(operation, ours, theirs));
}

describeWithDaemons('our server and C xenstored under the same random requests', function () {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-differential-'));
  let daemon: Daemon;
  let store: Xenstored;
  let ours: Side;
  let theirs: Side;

  before(async () => {
    daemon = await startDaemon('xenstored');
    store = new Xenstored({ clock: systemClock });
    const { path: socketPath } = await store.listen(path.join(folder, 'socket'));
    ours = new Side(socketPath);
    theirs = new Side(daemon.socketPath);
  });

  after(async () => {
    ours?.close();
    theirs?.close();
    await store?.close();
    await daemon?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('answer and notify alike', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: MAX_OPERATIONS }), async (operations) => {
        await ours.reset();
        await theirs.reset();
        for (const [index, operation] of operations.entries()) {
          // The hypervisor knows these domains on both sides, introduced or not.
          for (const domid of DOMIDS) store.domainCreated(domid);
          const [our, their] = [await ours.run(operation), await theirs.run(operation)];
          if (isKnown(operation, our.reply, their.reply)) continue;
          const { conn, type, payload, txId } = operation;
          assert.deepEqual(
            our,
            their,
            `#${index}: connection ${conn} ${type} ${payload} in transaction ${txId}`,
          );
        }
      }),
      { seed, numRuns: RUNS, endOnFailure: false },
    );
  }).timeout(120_000 * effort);
});
