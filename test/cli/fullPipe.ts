/** A pipe into which nothing fits any more, and which nobody reads: the standard output of a program under test. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export function fullPipe() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xenscope-test-'));
  const file = path.join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  // Both ends: while it is open nobody is told that the reader has left.
  const fd = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
  }
  const close = () => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  };
  return { fd, close };
}
