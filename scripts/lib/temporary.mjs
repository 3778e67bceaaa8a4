// Folders that last as long as this process, however it ends short of a kill.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folders = new Set();
process.once('exit', () => [...folders].forEach(removeTemporary));

export function makeTemporary(purpose) {
  const folder = mkdtempSync(path.join(tmpdir(), `xenscope-${purpose}-`));
  folders.add(folder);
  return folder;
}

export function removeTemporary(folder) {
  folders.delete(folder);
  // A program that was ended a moment ago may still be writing its last file.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
