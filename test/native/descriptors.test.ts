import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { isReadable, whenReadable } from '../../native/descriptors';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import { openBreakable } from '../support/breakable';
import { throwsCode } from '../support/throwsCode';

const one = Buffer.from(BigUint64Array.of(1n).buffer);

if (process.platform === 'linux') {
  describe('a descriptor of C', () => {
    const { poll, eventfd } = new XenLibraries().functions('libc');
    let fd: number;
    beforeEach(() => (fd = eventfd(0, 0)));
    afterEach(() => closeSync(fd));

    const ring = () => writeSync(fd, one);
    const take = () => readSync(fd, Buffer.alloc(8));

    it('is heard when it can be read, each time', async () => {
      let heard = 0;
      await new Promise<void>((resolve) => {
        const waiting = whenReadable(fd, () => {
          take();
          if (++heard < 5) return void ring();
          waiting.stop();
          resolve();
        });
        ring();
      });
      assert.equal(heard, 5);
    });

    it('is told again while nobody reads it', async () => {
      let told = 0;
      ring();
      await new Promise<void>((resolve) => {
        const waiting = whenReadable(fd, () => {
          if (++told < 3) return;
          waiting.stop();
          resolve();
        });
      });
    });

    it('is heard even after the collector ran', async () => {
      const heard = new Promise<void>((resolve) => {
        const waiting = whenReadable(fd, () => {
          waiting.stop();
          resolve();
        });
      });
      // Much garbage, so that whatever nobody holds is collected.
      for (let round = 0; round < 200; round++) new Array(100_000).fill(round);
      await new Promise((resolve) => setImmediate(resolve));
      ring();
      await heard;
    });

    it('is not heard any more once it was stopped, not even in the same turn', async () => {
      let told = 0;
      ring();
      const waiting = whenReadable(fd, () => told++);
      waiting.stop();
      waiting.stop();
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(told, 0);
    });

    it('is asked without waiting whether it can be read', () => {
      assert.equal(isReadable(poll, fd), false);
      ring();
      assert.equal(isReadable(poll, fd), true);
      take();
      assert.equal(isReadable(poll, fd), false);
      assert.equal(isReadable(poll, -1), false);
      assert.equal(isReadable(poll, 999_999), false);
    });

    it('that breaks is told once, and not waited for any more', async () => {
      const device = openBreakable();
      let heard = 0;
      let ended = 0;
      const waiting = whenReadable(
        device.fd,
        () => heard++,
        () => ended++,
      );
      device.breakIt();
      while (ended === 0) await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([heard, ended], [0, 1]);
      waiting.stop();
      device.close();
    });

    it('that cannot be waited for is an error and no crash', () => {
      const wait = (what: number) => () => whenReadable(what, () => undefined);
      for (const what of [999_999, -1, 0.5, NaN, 2 ** 32]) throwsCode(wait(what), 'unsupported');
      const file = openSync(__filename, 'r');
      throwsCode(wait(file), 'unsupported');
      closeSync(file);
      throwsCode(wait(file), 'unsupported');
      const nothing = openSync('/dev/null', 'r');
      throwsCode(wait(nothing), 'unsupported');
      closeSync(nothing);
      const waiting = whenReadable(fd, () => undefined);
      throwsCode(wait(fd), 'unsupported');
      waiting.stop();
      whenReadable(fd, () => undefined).stop();
    });
  });
}
