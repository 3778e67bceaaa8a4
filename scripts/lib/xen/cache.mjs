// Folders that are made once and kept in a cache, several runs side by side. One with a good name is
// whole: it is filled, and emptied, under the name of a draft.
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';

const hourMs = 3_600_000;
/** Filling one takes seconds, and minutes on a slow line. */
const draftLifeMs = hourMs;
/** `npm run xen` may use one for a day. */
const keptMs = 24 * hourMs;

/** Fills a folder under another name first: an interrupted run leaves nothing that looks whole. */
export async function filledOnce(folder, fill) {
  const cache = path.dirname(folder);
  removeOldDrafts(cache);
  const draft = draftIn(cache);
  try {
    await fill(draft);
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // Else another run was quicker.
  } finally {
    remove(draft);
  }
}

/** From now on it was used just now: other runs leave it alone for a day. */
export function markUsed(folder) {
  const now = new Date();
  utimesSync(folder, now, now);
}

/** Removes the folders beside this one that begin with `prefix` and that nobody has used for a day. */
export function removeUnused(prefix, folder) {
  const cache = path.dirname(folder);
  for (const name of readdirSync(cache).filter((name) => name.startsWith(prefix))) {
    const old = path.join(cache, name);
    if (old === folder || ageMs(old) < keptMs) continue;
    const draft = draftIn(cache);
    try {
      renameSync(old, draft);
    } catch (error) {
      if (existsSync(old)) throw error; // Else another run was quicker.
    } finally {
      remove(draft);
    }
  }
}

/** What interrupted runs left; a younger one may be at work. */
function removeOldDrafts(cache) {
  for (const name of readdirSync(cache).filter((name) => name.startsWith('draft-'))) {
    const draft = path.join(cache, name);
    if (ageMs(draft) > draftLifeMs) remove(draft);
  }
}

const draftIn = (cache) => mkdtempSync(path.join(cache, 'draft-'));
const remove = (folder) => rmSync(folder, { recursive: true, force: true });

function ageMs(folder) {
  const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
  return Date.now() - mtimeMs;
}
