/** What the extension says, apart from errors (errors.ts) and what package.json says by itself. */
import type { HostInfo, HostState, Meaning, NodeRow, SavedJournal } from '../server/rpc/api';
import { countOf } from './values';

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))} s`;
}

function clipped(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export const texts = {
  hostState(state: HostState, retryInMs: number): string {
    switch (state.kind) {
      case 'idle':
        return 'not connected';
      case 'connecting':
        return 'connecting…';
      case 'connected':
        return 'connected';
      case 'away':
        return retryInMs > 0 ? `away · retry in ${seconds(retryInMs)}` : 'away · trying again…';
    }
  },
  /** Instead of a state, for a host that cannot be connected. */
  unavailable: { absent: 'none here', denied: 'needs root' },
  pace(pace: number): string {
    if (pace === 0) return 'quiet';
    return pace === 1 ? 'human speed' : `${pace}× human speed`;
  },
  paceChoices: [
    { pace: 0, label: 'Quiet', detail: 'Nothing changes by itself' },
    { pace: 0.25, label: 'Slow', detail: 'A quarter of human speed' },
    { pace: 1, label: 'Human speed', detail: 'A few changes every second' },
    { pace: 5, label: 'Fast', detail: 'Five times human speed' },
    { pace: 20, label: 'Very fast', detail: 'Twenty times human speed' },
  ],
  /** `throughRoot`: the socket of the server that runs as root, when the host is had through it. */
  hostTooltip(host: HostInfo, throughRoot?: string): string[] {
    const lines = [
      {
        simulator: 'A simulated Xen host with demo guests. It needs no Xen, and nothing in it can be harmed.',
        machine: 'The Xen that the machine of the server runs under. What is changed here changes it.',
        socket: 'The xenstore of a real host, or of anything else that speaks its protocol on this socket.',
      }[host.kind],
    ];
    if (host.unavailable) lines.push(host.unavailable.reason);
    if (host.unavailable?.command) lines.push(`In a terminal: ${host.unavailable.command}`);
    if (throughRoot) lines.push(`Through the server that runs as root at ${throughRoot}.`);
    if (host.whyNoRings) lines.push(host.whyNoRings);
    if (host.world) lines.push(`Seed ${host.world.seed}, ${texts.pace(host.world.pace)}.`);
    if (host.state.kind === 'away') lines.push(host.state.reason);
    if (host.socketPath) lines.push(`Socket: ${host.socketPath}`);
    return lines;
  },
  commandCopied: 'Copied. Run it in a terminal; the server that it starts is found by itself.',
  rootServerTrouble: (text: string) =>
    `A server that runs as root is there for this machine’s Xen, and cannot be joined. ${text}`,
  exportLine: (socketPath: string) => `export XENSTORED_PATH='${socketPath.replace(/'/g, `'\\''`)}'`,
  exportCopied: 'Copied. Paste it into a terminal, and xenstore-ls and its like talk to this host.',

  meaning(meaning: Meaning | undefined): string | undefined {
    return meaning === undefined || meaning.kind === 'path' ? undefined : meaning.text;
  },
  /** Beside the name: the value, and what it means. */
  rowDescription(row: NodeRow): string {
    if (row.unreadable !== undefined) return 'not readable';
    const meaning = texts.meaning(row.meaning);
    if (row.meaning?.kind === 'path') return clipped(row.preview, 200);
    return [row.preview, meaning].filter((part) => part !== undefined && part !== '').join(' · ');
  },
  /** For a screen reader. */
  rowSpoken(row: NodeRow, domainName?: string): string {
    if (row.unreadable !== undefined) return `${row.name}, not readable`;
    const meaning = texts.meaning(row.meaning);
    const value = row.valueBytes > 0 ? `value ${row.preview}` : row.hasChildren ? undefined : 'empty';
    return [row.name, domainName, value, meaning, row.hasChildren ? 'has children' : undefined]
      .filter(Boolean)
      .join(', ');
  },
  showMore: (pageSize: number, left: number) =>
    `Show ${Math.min(pageSize, left).toLocaleString('en-US')} more (${left.toLocaleString('en-US')} not shown)`,
  /** Above a tree that may be out of date. */
  lastSeen(label: string, state: HostState, retryInMs: number): string | undefined {
    const old = 'What is shown is what was last seen.';
    switch (state.kind) {
      case 'connected':
        return undefined;
      case 'connecting':
        return `Connecting to ${label}…`;
      case 'idle':
        return `${label} is not connected. ${old}`;
      case 'away': {
        const next = retryInMs > 0 ? `next try in ${seconds(retryInMs)}` : 'trying again…';
        return `${label} is away, ${next}. ${state.reason} ${old}`;
      }
    }
  },
  /** The same above other views, which are low: the tree and the row of the host say why. */
  lastSeenShortly({ kind }: HostState): string | undefined {
    switch (kind) {
      case 'connected':
        return undefined;
      case 'connecting':
        return 'Connecting: what is shown is what was last seen.';
      case 'idle':
        return 'Not connected: what is shown is what was last seen.';
      case 'away':
        return 'Away: what is shown is what was last seen.';
    }
  },
  serverDownMessage:
    'The Xenscope server ended and is being started again. What is shown is what was last seen.',
  serverTrouble: (how: string) =>
    `The Xenscope server ended several times in a row (${how}). It goes on being started again, ever more slowly.`,

  deleteQuestion: 'Delete',
  writeQuestion: 'Change',
  refusedTitle: (text: string) => text,
  undone: (text: string) => `Undone: ${text}`,

  bytes: (count: number) => countOf(count, 'byte'),
  children: (count: number) => (count === 0 ? 'No children' : countOf(count, 'child', 'children')),

  status: {
    tooltipRunning: (host: HostInfo) => `Xenscope: ${host.label}`,
    stopped: 'The Xenscope server ended; it is started again by itself.',
  },

  watchCount: (count: number) => (count === 0 ? 'no change yet' : countOf(count, 'event')),
  restartNeeded:
    'This setting takes effect when the Xenscope server is started again. The simulator then begins anew.',

  saveJournalTitle: (label: string) => `Save what the flight recorder of ${label} holds`,
  /** `simulator-2026-01-02-0304.jsonl`, by the person's clock. */
  journalFileName(host: string, now: Date): string {
    const two = (part: number) => String(part).padStart(2, '0');
    const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
    return `${host}-${day}-${two(now.getHours())}${two(now.getMinutes())}.jsonl`;
  },
  journalSaved(file: string, { entries, droppedEntries }: SavedJournal): string {
    const older =
      droppedEntries === 0
        ? 'which is all since it began'
        : `the last of them: ${countOf(droppedEntries, 'older one')} ${droppedEntries === 1 ? 'was' : 'were'} dropped before`;
    return `${countOf(entries, 'entry', 'entries')} saved in ${file}, ${older}. Values of the store are in it.`;
  },

  noRings: (why: string) => `${why} The tree and all else can be used, and the simulator shows rings.`,
  devicesLeftOut: (ends: number) =>
    `${countOf(ends, 'further end')} of devices ${ends === 1 ? 'is' : 'are'} not followed: there are too many.`,
  deviceGone:
    'There is no such device now. What is shown is what was last seen; it goes on if it comes back.',
  deviceNeverSeen: 'There is no such device now. It is shown as soon as there is one.',
  pvcallsGone:
    'There is no such PV Calls device now. What is shown is what was last seen; it goes on if it comes back.',
  pvcallsNeverSeen: 'There is no such PV Calls device now. Its sockets are shown as soon as there is one.',
  moreSockets: (count: number) =>
    `${countOf(count, 'further socket')}: open the panel, which has all of them`,
  ringsLeftOut: (count: number) =>
    `${countOf(count, 'further ring')} ${count === 1 ? 'is' : 'are'} not looked at: there are too many.`,
  ringServerAway:
    'The Xenscope server ended and is being started again. What is shown is what was last seen.',
  ringHostAway: 'The host is not connected. What is shown is what was last seen.',
  ringGone:
    'The page is gone: its domain, or the program that shared it, has ended. What is shown is what was last seen; it goes on if it comes back.',
  ringNeverSeen: 'There is no such ring now. It is shown as soon as there is one.',
  /** Of an end of ours; and of one between others. */
  vchanEnd: {
    serverAway:
      'The Xenscope server ended, and this end of the vchan with it. What was typed stays; Reopen when it runs again.',
    hostAway: 'The host was disconnected, and this end of the vchan closed with it. What was typed stays.',
    windowAnew:
      'The window was loaded anew, and this end of the vchan closed with it. What was typed stays; Reopen opens it once more.',
    notOpened: 'It is not open. Reopen tries it again.',
  },
  vchanWatch: {
    serverAway: 'The Xenscope server ended. Watch it again when another one runs.',
    hostAway: 'The host was disconnected. Watch it again when it is back.',
    notOpened: 'It is not watched now. Watch Again tries it once more.',
  },
  composer: {
    serverAway:
      'The Xenscope server ended, and this session with it. What was typed and sent stays; Open Again begins another one.',
    hostAway:
      'The host was disconnected, and this session ended with it. What was typed and sent stays; Open Again begins another one.',
    windowAnew:
      'The window was loaded anew, and the session of before is over. What was typed and sent stays; Open Again begins another one.',
    notOpened: 'No session is open. Open Again begins one.',
    /** On a real host, where nobody can choose, and whose xenstore does not tell. */
    ownDomain: 'the server’s own domain',
  },
  vchanLeftOut: (bytes: number) => `left out: ${countOf(bytes, 'byte')}, which came too fast`,
  vchanUnseen: (ring: string, bytes: number) => `${ring}: ${countOf(bytes, 'byte')} passed unseen`,
  held: 'The world is held: nothing happens in it until you step or resume it. A click resumes it.',
};
