/** Commands of PV Calls that a person sends by hand from dom0 of a real Xen: to Linux’s backend there, and to ours. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { ComposerDraft, ComposerEntry, ComposerState } from '../../../../server/rpc/api';
import { channels } from '../../support/channels';
import { eventually, run } from '../../support/dom0';
import { machine as host, openEditor } from '../../support/editor';
import { freePort, loopback, withServer } from '../../support/loopback';
import { openOurBackend } from '../../support/ourPvCalls';
import { describeWithPvCalls, loadLinuxBackend } from '../../support/pvcalls';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What our backend finds; Linux's says nothing. */
const findings: string[] = [];
/** Begins to serve; resolves to how to end that. */
const backends: readonly (readonly [string, () => Promise<() => Promise<void>>])[] = [
  ['Linux’s backend, mended', () => loadLinuxBackend('pvcalls-back-mended')],
  ['our backend', async () => openOurBackend(0, (line) => findings.push(line)).close],
];

describeWithPvCalls('commands of PV Calls by hand in dom0', () => {
  for (const [name, serve] of backends) {
    describe(`to ${name}`, () => {
      let unused: string;
      let endBackend: () => Promise<void>;
      let editor: Awaited<ReturnType<typeof openEditor>>;
      let composerId: number;
      let state: ComposerState | undefined;
      const entries = new Map<number, ComposerEntry>();
      let received = '';

      before(async () => {
        unused = await channels();
        endBackend = await serve();
        editor = await openEditor();
        editor.on('xenscope/composerNews', (news) => {
          state = news.state;
          for (const entry of news.entries) entries.set(entry.number, entry);
          for (const { bytes } of news.received) received += Buffer.from(bytes, 'base64').toString();
        });
        const plan = { kind: 'own', backend: 0 } as const;
        assert.notEqual((await editor.ask('xenscope/composerPreview', { host, plan })).verdict, 'refuse');
        const opened = await editor.ask('xenscope/composerOpen', { host, plan, confirmed: true });
        composerId = opened.composerId;
        await eventually(() => state?.phase === 'open');
      });
      after(async () => {
        await editor?.end();
        await endBackend?.();
        assert.equal(await channels(), unused);
        // Of the command that nobody knows.
        for (const line of findings.splice(0)) assert.match(line, /99/);
      });

      /** Sends it, and waits for its response. */
      async function call(draft: ComposerDraft): Promise<ComposerEntry> {
        const { number } = await editor.ask('xenscope/composerCall', { host, composerId, draft });
        return eventually(() => {
          const entry = entries.get(number);
          return entry?.phase === 'answered' && entry;
        });
      }
      const command = (word: 'socket' | 'connect' | 'release', fields: Record<string, string>) =>
        call({ kind: 'fields', command: word, fields });
      const answerOf = ({ response }: ComposerEntry) => response!.errorName ?? response!.ret;
      const socket = (id: string) => state!.sockets.find((one) => one.id === id);

      it('make a socket, connect it, carry bytes both ways, and release it', async () => {
        const echo = (connection: Socket) =>
          connection.on('data', (bytes) => connection.write(`you said ${String(bytes)}`));
        await withServer(echo, async (port) => {
          assert.equal(answerOf(await command('socket', { id: '7' })), 0);
          const address = `${loopback}:${port}`;
          assert.equal(answerOf(await command('connect', { id: '7', address })), 0);
          await eventually(() => socket('7')?.text === `connected to ${address}`);
          const sent = { host, composerId, id: '7', bytes: base64('hello') };
          assert.equal((await editor.ask('xenscope/composerSend', sent)).sentBytes, 5);
          await eventually(() => received === 'you said hello');
          assert.equal(answerOf(await command('release', { id: '7' })), 0);
          await eventually(() => socket('7') === undefined);
        });
      });

      it('are refused where nobody listens', async () => {
        await command('socket', { id: '8' });
        const address = `${loopback}:${await freePort()}`;
        assert.equal(answerOf(await command('connect', { id: '8', address })), 'ECONNREFUSED');
        assert.equal(answerOf(await command('release', { id: '8' })), 0);
      });

      it('go as the raw bytes of a slot, and what no backend knows is answered as such', async () => {
        const words = (...values: number[]) => {
          const slot = Buffer.alloc(4 * values.length);
          values.forEach((value, at) => slot.writeUInt32LE(value, 4 * at));
          return { kind: 'raw', slot: slot.toString('hex') } as const;
        };
        // req_id, cmd, id in two words, domain, type, protocol: SOCKET of a stream of IPv4.
        const made = await call(words(70, 0, 9, 0, 2, 1, 0));
        assert.deepEqual([answerOf(made), made.response!.reqId], [0, 70]);
        const unknown = await call(words(71, 99, 9, 0));
        assert.ok(unknown.response!.ret < 0, JSON.stringify(unknown.response));
        assert.equal(answerOf(await command('release', { id: '9' })), 0);
      });

      it('leave nothing when their device is forgotten', async () => {
        const { frontend, backend } = state!.device;
        await editor.ask('xenscope/composerForget', { host, composerId });
        for (const folder of [frontend!, backend!]) {
          await eventually(async () => (await run('xenstore-exists', [folder])).status === 1);
        }
      });
    });
  }
});
