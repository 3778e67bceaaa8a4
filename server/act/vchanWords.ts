/** How an end of a vchan fares, in words, as far as that end itself can know it. */
import { XenscopeError } from '../host/errors';
import type { Vchan } from '../vchan/vchan';
import type { VchanFarewell } from '../vchan/vchanEngine';
import { absolutePath } from './vchanGuard';
import type { VchanPlan, VchanRingLevel, VchanState } from './vchanPlan';
import type { VchanReader } from './vchanReader';

export interface VchanNames {
  readonly ownDomid: number;
  /** `web (3)`. */
  readonly own: string;
  readonly peer: string;
  /** The world is held: nothing goes on in it. */
  readonly isHeld: () => boolean;
}

/** How the other side has gone. */
const farewells: Record<VchanFarewell, string> = {
  left: 'has left',
  vanished: 'has gone without a word: it was destroyed, or runs another kernel',
  domainEnded: 'has ended',
};

type Words = Pick<VchanState, 'text' | 'wayOut' | 'severity'>;

export function openingWords({ role, path, waits }: VchanPlan, names: VchanNames): Words {
  const base = absolutePath(path, names.ownDomid);
  if (names.isHeld()) {
    return note(`It is being opened at ${base}, and the world is held.`, 'Resume the world, or step it on.');
  }
  if (role === 'server') return note(`A vchan is being offered to ${names.peer} at ${base}…`);
  return note(
    waits
      ? `Waiting until ${names.peer} offers a vchan at ${base}…`
      : `Connecting to the vchan of ${names.peer} at ${base}…`,
  );
}

export function openWords(vchan: Vchan, names: VchanNames, reader: VchanReader, isSending: boolean): Words {
  const { trouble, isAtEnd, isReading } = reader;
  if (trouble) return { text: trouble.message, wayOut: trouble.wayOut, severity: 'error' };
  const { peer } = names;
  switch (vchan.peer) {
    case 'waiting':
      return note(
        `Nobody has come yet: ${peer} has to connect to ${absolutePath(vchan.path, names.ownDomid)}.`,
        'Its program must look there, and only that domain may read the nodes.',
      );
    case 'gone': {
      const text = `${peer} ${farewells[vchan.farewell ?? 'left']}`;
      if (vchan.isOpen) return note(`${text}; the next client is waited for.`);
      const unread = unreadBytes(vchan);
      const anew =
        vchan.farewell === 'domainEnded'
          ? 'It was for that domain alone: open it anew for the one that takes its place.'
          : 'Open it anew.';
      if (isAtEnd || unread === 0) return note(`${text}, and all that it wrote is read.`, anew);
      return {
        text: `${text} with ${bytesText(unread)} unread.`,
        wayOut: 'Read them, then close this end.',
        severity: 'warning',
      };
    }
    case 'here':
  }
  if (names.isHeld())
    return note(`Open to ${peer}, and the world is held.`, 'Resume the world, or step it on.');
  if (isSending && vchan.spaceBytes === 0) {
    return note(`The ring is full: ${peer} does not read what we write.`, 'It goes on when there is room.');
  }
  if (!isReading)
    return note(
      `Open to ${peer}; nothing is taken out of the ring.`,
      'When it is full, the other side waits.',
    );
  return { text: `Open to ${peer}.`, severity: 'fine' };
}

export function closingWords(names: VchanNames): Words {
  return names.isHeld()
    ? note('It is being closed, and the world is held.', 'Resume the world, or step it on.')
    : note('It is being closed…');
}

export function endedWords(
  { text, wayOut }: { readonly text: string; readonly wayOut?: string | undefined },
  isWrong: boolean,
): Words {
  return { text, ...(wayOut !== undefined && { wayOut }), severity: isWrong ? 'warning' : 'note' };
}

/** How full both rings are, as this end can tell. */
export function levelsOf(vchan: Vchan): { input: VchanRingLevel; output: VchanRingLevel } {
  const [input, output] =
    vchan.role === 'server' ? (['left', 'right'] as const) : (['right', 'left'] as const);
  const used = knownBytes(() => vchan.readyBytes);
  const space = knownBytes(() => vchan.spaceBytes);
  return {
    input: { name: input, sizeBytes: vchan.readRingBytes, ...(used !== undefined && { usedBytes: used }) },
    output: {
      name: output,
      sizeBytes: vchan.writeRingBytes,
      ...(space !== undefined && { usedBytes: vchan.writeRingBytes - space }),
    },
  };
}

/** Undefined where the other side broke the indices. */
function knownBytes(look: () => number): number | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof XenscopeError && error.code === 'protocol') return undefined;
    throw error;
  }
}

function unreadBytes(vchan: Vchan): number {
  return knownBytes(() => vchan.readyBytes) ?? 0;
}

function bytesText(count: number): string {
  return count === 1 ? '1 byte' : `${count.toLocaleString('en-US')} bytes`;
}

function note(text: string, wayOut?: string): Words {
  return { text, ...(wayOut !== undefined && { wayOut }), severity: 'note' };
}
