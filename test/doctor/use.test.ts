import assert from 'node:assert/strict';
import { rawFrame } from '../support/rawConnection';
import { quietDoorbell, Scene } from './scene';

const request = rawFrame({ type: 'READ', reqId: 1, payload: '/local/domain/3/name|' });
const reply = rawFrame({ type: 'READ', reqId: 1, payload: 'web' });

describe('ring doctor: how a ring is used', () => {
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
});
