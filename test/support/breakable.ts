/** A descriptor that breaks when it is told to, as a device does that lost events. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Breakable {
  /** Polls as broken (POLLERR) from `breakIt` on. */
  readonly fd: number;
  breakIt(): void;
  /** After `breakIt`. */
  close(): void;
}

/** The end of a pipe to which one writes: broken once nobody reads at the other end. */
export function openBreakable(): Breakable {
  const folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  rmSync(folder, { recursive: true });
  return { fd, breakIt: () => closeSync(reader), close: () => closeSync(fd) };
}
