/** What an editor is told of Linux’s frontend of PV Calls, looked at from dom0 of a real Xen while others serve it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { PvCallsSocketRow } from '../../../../server/rpc/api';
import { channels } from '../../support/channels';
import { eventually, output } from '../../support/dom0';
import { machine as host, openEditor } from '../../support/editor';
import type { Guest } from '../../support/guest';
import { freePort, loopback, withServer } from '../../support/loopback';
import { openOurBackend } from '../../support/ourPvCalls';
import { copyOfPage } from '../../support/pageCopy';
import {
  attach,
  createPvCallsGuest,
  describeWithPvCalls,
  detach,
  loadLinuxBackend,
  pvsocket,
} from '../../support/pvcalls';
import type { PvCallsNodes } from '../../support/pvcalls';
import { PvCallsScreen } from '../../support/pvcallsScreen';

/** Three calls each: more than the command ring has slots. */
const turns = 12;

/** What our backend finds; Linux's says nothing. */
const findings: string[] = [];
/** Begins to serve; resolves to how to end that. Linux's leaves a POLL unanswered whose listener is released. */
const backends = [
  {
    title: 'Linux’s backend, mended',
    parksForGood: true,
    serve: () => loadLinuxBackend('pvcalls-back-mended'),
  },
  {
    title: 'our backend',
    parksForGood: false,
    serve: async (domid: number) => openOurBackend(domid, (line) => findings.push(line)).close,
  },
];

describeWithPvCalls('Linux’s frontend of PV Calls, looked at', () => {
  let guest: Guest;
  let editor: Awaited<ReturnType<typeof openEditor>>;
  let nodes: PvCallsNodes;
  let talks = 0;

  before(async () => {
    guest = await createPvCallsGuest('seen');
    editor = await openEditor();
    await leave();
  });
  after(async () => {
    await editor?.end();
    await guest?.destroy();
  });

  /** From now on nobody looks, and what was seen is forgotten. */
  const leave = () => editor.ask('xenscope/disconnect', { host });
  async function look(): Promise<PvCallsScreen> {
    await editor.ask('xenscope/connect', { host });
    return PvCallsScreen.open(editor, nodes.front);
  }

  /** Data rings that are shared now, among these. */
  async function ringsAmong(ids: readonly string[]): Promise<string[]> {
    const rows = await editor.ask('xenscope/ringList', { host });
    // One that is gone is told of for a while.
    const there = rows.filter(({ id, verdict }) => ids.includes(id) && verdict.rule !== 'peer-gone');
    return there.map(({ id }) => id);
  }

  const answer = (socket: Socket) => socket.once('data', () => socket.write('hello'));
  /** A socket that sends `ask`, and stays; resolves when it was answered. */
  async function talk(port: number): Promise<void> {
    const heard = `/tmp/heard${++talks}`;
    const send = `(echo ask; exec sleep 1000) | ${pvsocket} connect ${loopback} ${port}`;
    await guest.type(`${send} > ${heard} & until grep -q hello ${heard}; do usleep 50000; done`);
  }
  const isOpen = ({ state, rings }: PvCallsSocketRow) => state === 'connected' && rings?.ring !== undefined;

  for (const { title, parksForGood, serve } of backends) {
    describe(`against ${title}`, () => {
      let endBackend: () => Promise<void>;
      let idle: string;

      before(async () => {
        endBackend = await serve(guest.domid);
        nodes = await attach(guest);
        idle = await channels();
      });
      afterEach(async () => {
        await guest.type(
          'killall -CONT pvsocket; killall sleep pvsocket; while pidof pvsocket > /dev/null; do usleep 50000; done',
        );
        await leave();
        await eventually(async () => (await channels()) === idle);
        assert.deepEqual(findings, []);
      });
      after(async () => {
        await detach(guest, nodes);
        await endBackend();
        assert.doesNotMatch(await guest.type('dmesg'), /g\.e\. .*still in use|deferring g\.e\./);
      });

      it('shows sockets from before anybody looked, what waits in their rings, and changes no byte', async () => {
        const sockets: Socket[] = [];
        const keep = (socket: Socket) => sockets.push(answer(socket));
        await withServer(keep, async (port) => {
          await talk(port);
          const screen = await look();
          const seen = await screen.until((rows) => rows.find(isOpen));
          assert.equal(screen.rows.length, 1, JSON.stringify(screen.rows));
          assert.equal(seen.known, 'oldSlot');
          assert.equal(seen.remote, undefined, 'the response lies over the address');
          await eventually(async () => (await ringsAmong([seen.rings!.ring!])).length === 1);
          const ringRef = Number(await output('xenstore-read', `${nodes.front}/ring-ref`));
          const pages = () =>
            Promise.all([ringRef, seen.rings!.ref].map((ref) => copyOfPage(guest.domid, ref)));
          await guest.type('killall -STOP pvsocket');
          sockets[0]!.write(Buffer.alloc(100, 'x'));
          await screen.until(([row]) => row?.in?.usedBytes === 100);
          const before = await pages();
          await screen.frames(2);
          assert.deepEqual(await pages(), before);
          await guest.type('killall -CONT pvsocket');
          await screen.until(([row]) => row?.in?.usedBytes === 0 && row.in.bytes === 100);
        });
      });

      it('shows what is opened meanwhile, who is accepted, and what becomes of them', async () => {
        const screen = await look();
        await withServer(answer, async (port) => {
          const listening = await freePort();
          await guest.type(`${pvsocket} listen ${loopback} ${listening} 2 > /tmp/said 2>&1 & :`);
          const listener = await screen.until((rows) => rows.find(({ state }) => state === 'listening'));
          await screen.until((rows) => rows[0]?.outstanding[0]?.cmd === 'POLL');
          assert.ok([undefined, `${loopback}:${listening}`].includes(listener.local), listener.local);
          // From now on each response lies one slot before its request.
          for (let count = 1; count <= 2; count++) {
            await talk(port);
            await screen.until((rows) => rows.filter(isOpen).length === count);
          }
          for (const { remote, known } of screen.rows.filter(isOpen)) {
            const right = `${loopback}:${port}`;
            assert.ok(remote === right || (remote === undefined && known === 'answer'), `${remote} ${known}`);
          }
          const caller = connect(listening, loopback);
          await once(caller, 'connect');
          const accepted = await screen.until((rows) =>
            rows.find((row) => row.listener === listener.key && isOpen(row)),
          );
          caller.write('to be sent back');
          assert.equal(String((await once(caller, 'data'))[0]), 'to be sent back');
          await screen.until((rows) => rows.find(({ key }) => key === accepted.key)?.out?.bytes === 15);
          const rings = screen.rows.flatMap((row) => row.rings?.ring ?? []);
          assert.equal(new Set(rings).size, 3, JSON.stringify(screen.rows));
          await eventually(async () => (await ringsAmong(rings)).length === 3);
          caller.destroy();
          await screen.until((rows) => rows.every(({ key }) => key !== accepted.key));
          await guest.type('killall sleep pvsocket');
          await screen.until((rows) => rows.length === 0);
          await eventually(async () => (await ringsAmong(rings)).length === 0);
        });
        const rules = () => screen.state!.row.diagnoses.map(({ rule }) => rule);
        await eventually(() => rules().includes(parksForGood ? 'parked-at-released' : 'at-rest'));
        assert.equal(screen.state!.row.inFlight, parksForGood ? 1 : 0);
      });

      it('knows of more calls than the ring has slots, and of none that keeps its pages', async () => {
        const screen = await look();
        const { row, unseen } = screen.state!;
        // What was parked before lies under a response by now.
        assert.equal(unseen.inFlight, row.inFlight);
        const { length } = 'hello';
        const one = (port: number) =>
          `${pvsocket} connect ${loopback} ${port} ${length} < /dev/null > /dev/null`;
        await withServer(
          (socket) => socket.write('hello'),
          (port) => guest.type(`for turn in $(seq ${turns}); do ${one(port)}; done`),
        );
        await screen.until((rows) => rows.length === 0 && screen.state!.requests >= 3 * turns);
        const { kept, inFlight, unseen: later } = screen.state!;
        assert.deepEqual([kept, inFlight, later.inFlight, later.resets], [[], [], row.inFlight, 0]);
      });
    });
  }

  describe('when the guest is destroyed', () => {
    it('is gone from the screen, and nothing of it is kept', async () => {
      const ours = openOurBackend(guest.domid, (line) => findings.push(line));
      nodes = await attach(guest);
      const screen = await look();
      await withServer(answer, async (port) => {
        await talk(port);
        const seen = await screen.until((rows) => rows.find(isOpen));
        await guest.destroy();
        await eventually(() => screen.state?.row.ring === undefined);
        assert.deepEqual([screen.rows, await ringsAmong([seen.rings!.ring!])], [[], []]);
      });
      await nodes.remove();
      await eventually(() => screen.state === undefined);
      await ours.close();
    });
  });
});
