/** What the page of a vchan's console has kept, if it is that: another version of ours may have written it. */
import type { KeptVchan } from '../../webview/messages';

export function keptVchan(state: unknown): KeptVchan | undefined {
  const { kept } = (state ?? {}) as { kept?: unknown };
  const { host, subject, lines, client, names } = (kept ?? {}) as Readonly<Record<keyof KeptVchan, unknown>>;
  const isClient = client === undefined || Number.isInteger(client);
  const isKept = typeof host === 'string' && isSubject(subject) && areLines(lines) && areNames(names);
  return isKept && isClient ? (kept as KeptVchan) : undefined;
}

/** The server looks at the rest of a plan, as of any that is asked for. */
function isSubject(subject: unknown): boolean {
  const { kind, ring, plan } = (subject ?? {}) as { kind?: unknown; ring?: unknown; plan?: unknown };
  if (kind === 'watch') return typeof ring === 'string';
  const { role, peer, path } = (plan ?? {}) as { role?: unknown; peer?: unknown; path?: unknown };
  const isEnd = kind === 'end' && (role === 'server' || role === 'client');
  return isEnd && Number.isInteger(peer) && typeof path === 'string';
}

/** The first one is the title of what is watched. */
function areLines(lines: unknown): boolean {
  return Array.isArray(lines) && lines.length > 0 && lines.every((line) => typeof line === 'string');
}

function areNames(names: unknown): boolean {
  const isName = (name: unknown) =>
    Array.isArray(name) && Number.isInteger(name[0]) && typeof name[1] === 'string';
  return Array.isArray(names) && names.every(isName);
}
