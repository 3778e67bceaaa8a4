/** A folder that only its owner may enter, and that goes with the process however it ends short of a kill. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface PrivateFolder {
  readonly path: string;
  /** Safe to call twice. */
  remove(): void;
}

export function privateFolder(): PrivateFolder {
  const folder = mkdtempSync(path.join(process.env['XDG_RUNTIME_DIR'] || tmpdir(), 'xenscope-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    process.off('exit', remove);
  };
  process.on('exit', remove);
  return { path: folder, remove };
}
