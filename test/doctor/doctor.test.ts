import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { diagnose, rules } from '../../server/doctor/doctor';
import type { DirectionName } from '../../server/capture/pageLayouts';
import { rawFrame } from '../support/rawConnection';
import { quietDoorbell, Scene } from './scene';

const request = rawFrame({ type: 'READ', reqId: 1, payload: '/local/domain/3/name|' });
const reply = rawFrame({ type: 'READ', reqId: 1, payload: 'web' });

describe('ring doctor', () => {
  describe('idle', () => {
    it('is a ring where nothing waits and nothing moves', () => {
      const scene = new Scene();
      scene.wait(5_000);
      assert.deepEqual(scene.said, ['fine idle: idle']);
      assert.match(scene.evidence('idle'), /req_prod and req_cons are equal and stand still/);
    });

    it('is a ring that did its work a while ago, whatever its indices are', () => {
      const scene = new Scene({ startIndex: 2 ** 32 - 10 });
      scene.page.pass('req', request);
      scene.page.pass('rsp', reply);
      scene.wait(1_000);
      assert.deepEqual(scene.said, ['fine flowing: flowing']);
      scene.wait(500);
      assert.deepEqual(scene.said, ['fine idle: idle']);
    });

    it('is not a ring in which something waits', () => {
      const scene = new Scene();
      scene.page.produce('req', request);
      scene.wait(5_000);
      assert.ok(scene.said.every((line) => !line.includes('idle')));
    });
  });

  describe('flowing', () => {
    it('is a ring whose indices move, full or not', () => {
      const scene = new Scene();
      scene.page.produce('rsp', Buffer.alloc(1024));
      scene.wait(10_000, () => {
        scene.page.consume('rsp', 50);
        scene.page.produce('rsp', Buffer.alloc(50));
        scene.page.pass('req', request);
      });
      assert.deepEqual(scene.said, ['fine flowing: flowing']);
      assert.match(scene.evidence('flowing'), /rsp: [\d,]+ bytes per second written/);
    });

    it('is a ring that moves too fast to be read', () => {
      const scene = new Scene();
      scene.wait(2_000);
      scene.page.beforeCopy = () => scene.page.pass('req', request);
      scene.wait(500);
      assert.deepEqual(scene.said, ['fine flowing: flowing']);
      assert.match(scene.evidence('flowing'), /moved while they were read, 5 times/);
    });

    it('is not a ring whose indices were only set anew, which is said for a while', () => {
      const scene = new Scene();
      scene.page.pass('req', request);
      scene.wait(5_000);
      scene.page.setPair('req', 0, 0);
      scene.wait(100);
      assert.deepEqual(scene.said, ['fine idle: idle']);
      assert.match(scene.evidence('idle'), /indices of req were set anew/);
      scene.wait(20_000);
      assert.doesNotMatch(scene.evidence('idle'), /anew/);
    });
  });

  describe('settling', () => {
    it('is a request that came just now', () => {
      const scene = new Scene();
      scene.page.produce('req', request);
      scene.look();
      assert.equal(scene.say()[0]!.severity, 'fine');
      scene.wait(400);
      assert.equal(scene.say()[0]!.severity, 'fine');
    });

    it('is a first look at a ring that has something in it, until it is known for how long', () => {
      const page = new Scene();
      page.page.produce('rsp', reply);
      const scene = new Scene();
      scene.page.bytes.set(page.page.bytes);
      scene.look();
      assert.equal(scene.say()[0]!.severity, 'fine');
    });
  });

  describe('request-waiting', () => {
    it('is a request at which the server does not look', () => {
      const scene = new Scene();
      scene.page.produce('req', request);
      scene.wait(3_100);
      assert.deepEqual(scene.said, [
        'warning request-waiting/req: request waiting for 3 s, xenstored not looking',
      ]);
      const evidence = scene.evidence('request-waiting');
      assert.match(evidence, /req_prod is 0x00000025 and req_cons 0x00000000: 37 of 1,024 bytes wait/);
      assert.match(evidence, /req_cons has not moved for 3 s/);
      assert.match(evidence, /cannot be seen from outside/);
    });

    it('is no request that is read, however slowly', () => {
      const scene = new Scene();
      scene.page.produce('req', Buffer.alloc(1_000));
      scene.wait(5_000, () => scene.page.consume('req', 1));
      assert.deepEqual(scene.said, ['fine flowing: flowing']);
    });

    it('knows in a world that the server was rung at', () => {
      const scene = new Scene({ inside: quietDoorbell });
      scene.page.produce('req', request);
      scene.bell({ pendingToServer: true });
      scene.wait(600);
      assert.match(scene.said[0]!, /^warning request-waiting/);
      assert.match(scene.evidence('request-waiting'), /pending: xenstored was rung at and has not looked/);
    });

    it('is not the fault of a server whose answers have no room', () => {
      const scene = new Scene();
      scene.page.produce('req', request);
      scene.page.produce('rsp', Buffer.alloc(1024));
      scene.wait(3_000);
      assert.deepEqual(scene.said, ['error full/rsp: full, guest not reading']);
    });

    it('is the output of a guest that no console daemon reads', () => {
      const scene = new Scene({ kind: 'console' });
      scene.page.produce('out', Buffer.from('login: '));
      scene.wait(1_100);
      assert.match(scene.said[0]!, /output waiting for 1 s, the console daemon not looking/);
    });
  });

  describe('reader-not-looking', () => {
    it('is a reply at which the guest does not look', () => {
      const scene = new Scene();
      scene.page.produce('rsp', reply);
      scene.wait(2_100);
      assert.deepEqual(scene.said, [
        'warning reader-not-looking/rsp: data waiting for 2 s, guest not looking',
      ]);
      assert.match(scene.evidence('reader-not-looking'), /cannot be seen from outside/);
    });

    it('is no reply that the guest takes a little later', () => {
      const scene = new Scene();
      for (let turn = 0; turn < 5; turn++) {
        scene.page.produce('rsp', reply);
        scene.wait(900);
        assert.equal(scene.say()[0]!.severity, 'fine');
        scene.page.consume('rsp');
        scene.wait(100);
      }
    });
  });

  describe('notify-lost', () => {
    it('is data of which its reader was not told', () => {
      const scene = new Scene({ inside: quietDoorbell });
      scene.page.produce('req', request);
      scene.wait(1_000);
      assert.deepEqual(scene.said, [
        'error notify-lost/req: notify lost 900 ms ago, xenstored does not know of the data',
      ]);
      assert.match(scene.evidence('notify-lost'), /the guest moved req_prod, and since then no notification/);
      assert.match(
        scene.evidence('notify-lost'),
        /xenstored was told 5 times in all, and not once after that/,
      );
    });

    it('is over when the next notification comes', () => {
      const scene = new Scene({ inside: quietDoorbell });
      scene.page.produce('rsp', reply);
      scene.wait(1_000);
      assert.match(scene.said[0]!, /notify-lost\/rsp/);
      scene.bell({ toldGuest: 6 });
      scene.page.consume('rsp');
      scene.wait(100);
      assert.deepEqual(scene.said, ['fine flowing: flowing']);
    });

    it('is no reader that was told and sleeps', () => {
      const scene = new Scene({ inside: quietDoorbell });
      scene.page.produce('req', request);
      scene.bell({ toldServer: 6 });
      scene.wait(2_000);
      assert.match(scene.said[0]!, /^warning request-waiting/);
      assert.match(
        scene.evidence('request-waiting'),
        /No notification is pending; xenstored has been told 6 times/,
      );
    });

    it('is no notification that is on its way', () => {
      const scene = new Scene({ inside: quietDoorbell });
      scene.page.produce('req', request);
      scene.look();
      scene.bell({ pendingToServer: true });
      scene.wait(2_000);
      assert.match(scene.said[0]!, /^warning request-waiting/);
    });

    it('is never claimed where the pending bit cannot be seen', () => {
      const scene = new Scene();
      scene.page.produce('req', request);
      scene.wait(60_000);
      assert.ok(scene.said.every((line) => !line.includes('notify-lost')));
    });
  });

  describe('full', () => {
    it('is a ring that its reader leaves full', () => {
      const scene = new Scene();
      scene.page.produce('rsp', Buffer.alloc(2_000));
      scene.wait(1_000);
      assert.match(scene.said[0]!, /^error full\/rsp: full, guest not reading/);
      assert.match(scene.evidence('full'), /1,024 of 1,024 bytes wait/);
      assert.match(scene.evidence('full'), /xenstored can write no more/);
    });

    it('is a ring of which hvmloader leaves the last byte', () => {
      const scene = new Scene();
      scene.page.produce('req', Buffer.alloc(1_023));
      scene.wait(1_000);
      assert.match(scene.said[0]!, /^error full\/req: full, xenstored not reading/);
    });

    it('tells cause from consequence when both are full', () => {
      const scene = new Scene();
      scene.page.produce('req', Buffer.alloc(1_024));
      scene.page.produce('rsp', Buffer.alloc(1_024));
      scene.wait(1_000);
      assert.deepEqual(scene.said, ['error full/rsp: full, guest not reading']);
      assert.match(scene.evidence('full'), /req is full as well: xenstored waits for room for its answers/);
    });

    it('is no ring that is filled again as soon as there is room', () => {
      const scene = new Scene();
      scene.page.produce('rsp', Buffer.alloc(1_024));
      scene.wait(5_000, () => {
        scene.page.consume('rsp', 16);
        scene.page.produce('rsp', Buffer.alloc(16));
      });
      assert.deepEqual(scene.said, ['fine flowing: flowing']);
    });
  });

  describe('index-insane', () => {
    it('is a pair that cannot be, with its numbers and whose word it is', () => {
      const scene = new Scene();
      scene.page.pass('req', request);
      scene.wait(100);
      scene.page.setWord('req_prod', 0xdeadbeef);
      scene.wait(200);
      assert.deepEqual(scene.said, ['error index-insane/req: index insane: indices 0xdeadbeef / 0x00000025']);
      const evidence = scene.evidence('index-insane');
      assert.match(evidence, /req_prod is 0xdeadbeef and req_cons 0x00000025/);
      assert.match(evidence, /3,735,928,522 bytes apart, in a ring of 1,024/);
      assert.match(evidence, /made sense was 0x00000025 and 0x00000025/);
      assert.match(evidence, /the guest's word is wrong/);
    });

    it('is a small leap as well, when nothing was written', () => {
      const scene = new Scene();
      scene.page.setWord('req_prod', 2_000);
      scene.wait(200);
      assert.match(
        scene.said[0]!,
        /^error index-insane\/req: index insane: indices 0x000007d0 \/ 0x00000000/,
      );
    });

    it('is a consumer that ran past the producer', () => {
      const scene = new Scene({ startIndex: 5 });
      scene.page.setWord('rsp_cons', 6);
      scene.wait(200);
      assert.match(
        scene.said[0]!,
        /^error index-insane\/rsp: index insane: indices 0x00000005 \/ 0x00000006/,
      );
    });

    it('is no word that was caught half written once', () => {
      const scene = new Scene({ startIndex: 0x1fff0 });
      scene.page.produce('req', Buffer.alloc(20));
      scene.page.setWord('req_prod', 0x10004);
      scene.look();
      assert.equal(scene.say()[0]!.severity, 'fine');
      scene.page.setWord('req_prod', 0x20004);
      scene.page.consume('req');
      scene.wait(100);
      assert.deepEqual(scene.said, ['fine flowing: flowing']);
    });

    it('is over when the indices make sense again', () => {
      const scene = new Scene();
      scene.page.setWord('req_prod', 0xdeadbeef);
      scene.wait(500);
      scene.page.setPair('req', 0, 0);
      scene.wait(2_000);
      assert.deepEqual(scene.said, ['fine idle: idle']);
    });
  });

  describe('backpressure-ignored', () => {
    const overrun = (scene: Scene, bytes: number) => {
      scene.page.copyIn('req', Buffer.alloc(bytes, scene.nowMs % 251));
      scene.page.setWord('req_prod', scene.page.word('req_prod') + bytes);
    };

    it('is a writer that went on when there was no room', () => {
      const scene = new Scene();
      scene.page.produce('req', Buffer.alloc(1_000, 1));
      scene.wait(100);
      overrun(scene, 300);
      scene.wait(200);
      assert.deepEqual(scene.said, [
        'error backpressure-ignored/req: backpressure ignored: the guest wrote 276 bytes more than there was room for',
      ]);
      assert.match(scene.evidence('backpressure-ignored'), /oldest 276 bytes that waited are overwritten/);
    });

    it('stays so while it goes on and on', () => {
      const scene = new Scene();
      scene.wait(20_000, () => overrun(scene, 4_000));
      assert.match(scene.said[0]!, /^error backpressure-ignored/);
    });

    it('is no index that is garbage', () => {
      const scene = new Scene();
      scene.page.produce('req', Buffer.alloc(10, 1));
      scene.page.setWord('req_prod', 0x80000000);
      scene.wait(200);
      assert.match(scene.said[0]!, /^error index-insane/);
    });
  });

  describe('peer-gone', () => {
    it('is a page that is gone, and calm when nothing was left', () => {
      const scene = new Scene();
      scene.page.isGone = true;
      scene.wait(100);
      assert.deepEqual(scene.said, ['fine peer-gone: peer gone: domain 3 no longer has this page']);
    });

    it('is no page that cannot be read for a while: that has its reason, and passes', () => {
      const scene = new Scene();
      scene.page.beforeCopy = () => {
        throw new Error('no more pages can be mapped');
      };
      scene.wait(100);
      assert.deepEqual(scene.said, ['warning peer-gone: the page cannot be read now']);
      assert.match(scene.evidence('peer-gone'), /no more pages can be mapped/);
      scene.page.beforeCopy = undefined;
      scene.wait(100);
      assert.deepEqual(scene.said, ['fine idle: idle']);
    });

    it('tells what was never read', () => {
      const scene = new Scene();
      scene.page.produce('rsp', reply);
      scene.wait(100);
      scene.page.isGone = true;
      scene.wait(5_000);
      assert.deepEqual(scene.said, ['note peer-gone: peer gone: domain 3 no longer has this page']);
      assert.match(scene.evidence('peer-gone'), /19 bytes of rsp were never read/);
    });

    it('is a console that nobody serves', () => {
      const scene = new Scene({ kind: 'console' });
      scene.page.setWord('connection', 1);
      scene.wait(100);
      assert.deepEqual(scene.said, ['note peer-gone: peer gone: nobody serves this console']);
      scene.page.produce('out', Buffer.from('boot'));
      scene.wait(5_000);
      assert.deepEqual(scene.said, ['warning peer-gone: peer gone: nobody serves this console']);
    });

    it('is a server that is not bound to the doorbell, once somebody waits for it', () => {
      const scene = new Scene({ inside: { ...quietDoorbell, toldServer: undefined } });
      scene.wait(5_000);
      assert.deepEqual(scene.said, ['fine not-used: not used']);
      scene.page.produce('req', request);
      scene.wait(500);
      assert.equal(scene.say()[0]!.severity, 'fine', 'it may be about to connect');
      scene.wait(1_000);
      assert.deepEqual(scene.said, ['warning peer-gone: peer gone: xenstored is not connected']);
    });
  });

  describe('reconnecting', () => {
    it('tells for how long, and becomes an error when it is stuck', () => {
      const scene = new Scene();
      scene.page.setWord('server_features', 1);
      scene.page.setWord('connection', 1);
      scene.page.setPair('req', 0xffffffff, 7);
      scene.wait(1_100);
      assert.deepEqual(scene.said, ['note reconnecting: reconnect in progress for 1 s']);
      assert.match(scene.evidence('reconnecting'), /The server offers reconnection/);
      scene.wait(3_000);
      assert.deepEqual(scene.said, ['error reconnecting: reconnect in progress for 4 s']);
    });

    it('says when the server offers no reconnection', () => {
      const scene = new Scene();
      scene.page.setWord('server_features', 14);
      scene.page.setWord('connection', 1);
      scene.wait(100);
      assert.match(
        scene.evidence('reconnecting'),
        /server_features is 0xe: the server does not offer reconnection/,
      );
    });

    it('is over with the word, and what was before accuses nobody', () => {
      const scene = new Scene();
      scene.page.produce('req', request);
      scene.page.produce('rsp', Buffer.alloc(1_024));
      scene.wait(100);
      scene.page.setWord('connection', 1);
      scene.wait(2_000);
      for (const name of ['req', 'rsp'] as const) scene.page.setPair(name, 0, 0);
      scene.page.setWord('connection', 0);
      scene.wait(100);
      assert.equal(scene.say()[0]!.severity, 'fine');
      scene.wait(3_000);
      assert.deepEqual(scene.said, ['fine idle: idle']);
    });
  });

  describe('not-used', () => {
    const unbound = { ...quietDoorbell, toldServer: undefined, toldGuest: 0 };

    it('is a page that nobody serves and nobody ever wrote to, as that of domain 0', () => {
      const scene = new Scene({ domid: 0, inside: unbound });
      scene.wait(5_000);
      assert.deepEqual(scene.said, ['fine not-used: not used']);
      assert.match(scene.evidence('not-used'), /Domain 0 speaks to xenstored in another way/);
    });

    it('is no page that somebody serves, or served', () => {
      const served = new Scene({ inside: quietDoorbell });
      const left = new Scene({ inside: quietDoorbell });
      left.page.pass('req', request);
      left.bell(unbound);
      for (const scene of [served, left]) {
        scene.wait(5_000);
        assert.deepEqual(scene.said, ['fine idle: idle']);
      }
    });

    it('is never claimed where nobody can see who is bound', () => {
      const scene = new Scene({ domid: 0 });
      scene.wait(5_000);
      assert.deepEqual(scene.said, ['fine idle: idle']);
    });
  });

  describe('error-word', () => {
    it('says which error, and that the server did not promise to write it', () => {
      const scene = new Scene();
      scene.page.setWord('error', 2);
      scene.page.produce('req', request);
      scene.wait(5_000);
      assert.deepEqual(scene.said, ['error error-word: error word set: 2, the indices of a ring cannot be']);
      assert.match(
        scene.evidence('error-word'),
        /without the error word: older servers write it all the same/,
      );
    });

    it('is told with the indices that led to it, as one trouble', () => {
      const scene = new Scene();
      scene.page.pass('req', request);
      scene.wait(100);
      scene.page.setWord('req_prod', 0xdeadbeef);
      scene.page.setWord('error', 2);
      scene.wait(300);
      assert.deepEqual(scene.said, ['error index-insane/req: index insane: indices 0xdeadbeef / 0x00000025']);
      assert.match(scene.evidence('index-insane'), /error is 2: xenstored gave the connection up/);
      scene.page.setPair('req', 37, 37);
      scene.wait(300);
      assert.deepEqual(scene.said, ['error error-word: error word set: 2, the indices of a ring cannot be']);
    });

    it('is told beside indices that did not lead to it', () => {
      const scene = new Scene();
      scene.page.setWord('req_prod', 0xdeadbeef);
      scene.page.setWord('error', 3);
      scene.wait(300);
      assert.deepEqual(
        scene.say().map(({ rule }) => rule),
        ['index-insane', 'error-word'],
      );
    });

    it('takes errors that no document names', () => {
      const scene = new Scene();
      scene.page.setWord('server_features', 2);
      scene.page.setWord('error', 77);
      scene.wait(100);
      assert.deepEqual(scene.said, [
        'error error-word: error word set: 77, error 77, which no document names',
      ]);
    });

    it('is no word of a console page', () => {
      const scene = new Scene({ kind: 'console' });
      scene.page.bytes.writeUInt32LE(3, 2072);
      scene.wait(2_000);
      assert.deepEqual(scene.said, ['fine idle: idle']);
    });
  });

  it('has something to say of a ring that was never read', () => {
    const scene = new Scene();
    const unread = new Scene();
    Object.assign(unread.history, { samples: 0 });
    assert.equal(diagnose(unread.history, scene.nowMs)[0]!.rule, 'settling');
  });

  it('does not accuse a healthy ring, however it is used', () => {
    const act = fc.record({
      name: fc.constantFrom<DirectionName>('req', 'rsp'),
      bytes: fc.integer({ min: 1, max: 3_000 }),
      restMs: fc.integer({ min: 0, max: 3_000 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 25 }), fc.boolean(), (acts, isWorld) => {
        const scene = new Scene({
          startIndex: 2 ** 32 - 5_000,
          ...(isWorld ? { inside: quietDoorbell } : {}),
        });
        let told = 5;
        for (const { name, bytes, restMs } of acts) {
          for (let left = bytes; left > 0;) {
            left -= scene.page.produce(name, Buffer.alloc(left, left));
            scene.look();
            assert.equal(scene.say()[0]!.severity, 'fine');
            if (isWorld) scene.bell({ toldServer: ++told, toldGuest: told });
            scene.page.consume(name);
          }
          scene.wait(restMs);
          assert.equal(scene.say()[0]!.severity, 'fine');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('says something of every page, and never throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(fc.integer({ min: 0, max: 31 }), { maxLength: 10 }),
        fc.constantFrom<'xenstore' | 'console'>('xenstore', 'console'),
        (words, changes, kind) => {
          const scene = new Scene({ kind });
          scene.page.bytes.set(
            words.subarray(0, scene.page.layout.wordsBytes),
            scene.page.layout.wordsOffset,
          );
          for (const at of changes) {
            scene.wait(300);
            assert.ok(scene.say().length > 0);
            scene.page.bytes[scene.page.layout.wordsOffset + at]! ^= 1 << (at % 8);
          }
          scene.wait(300);
          for (const { rule, text, evidence } of scene.say()) {
            assert.ok(rules.some(({ id }) => id === rule));
            assert.ok(text.length > 0 && evidence.length > 0);
            assert.doesNotMatch([text, ...evidence].join(' '), /undefined|NaN|\[object/);
          }
        },
      ),
    );
  });

  it('has one rule per file', () => {
    const files = readdirSync(path.resolve(__dirname, '../../server/doctor/rules'));
    assert.equal(files.length, rules.length);
    assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  });

  it('is described in the documentation, rule by rule', () => {
    const text = readFileSync(path.resolve(__dirname, '../../docs/rings.md'), 'utf8');
    for (const { id } of rules) assert.ok(text.includes(`\`${id}\``), `docs/rings.md does not tell of ${id}`);
  });
});
