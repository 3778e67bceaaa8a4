import assert from 'node:assert/strict';
import { rawFrame } from '../support/rawConnection';
import { quietDoorbell, Scene } from './scene';

const request = rawFrame({ type: 'READ', reqId: 1, payload: '/local/domain/3/name|' });
const reply = rawFrame({ type: 'READ', reqId: 1, payload: 'web' });

describe('ring doctor: what is broken, gone or begun anew', () => {
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
});
