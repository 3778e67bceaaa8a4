/** What is said of the other side of a vchan that has gone. */
import { XenscopeError } from '../host/errors';
import type { VchanRole } from './ringMoves';
import type { VchanFarewell } from './vchanEngine';

export interface GonePeer {
  readonly role: VchanRole;
  readonly domid: number;
  readonly farewell: VchanFarewell;
}

interface Words {
  readonly text: string;
  readonly wayOut: string;
}

function wordsOf({ role, domid, farewell }: GonePeer): Words {
  switch (farewell) {
    case 'left':
      return {
        text: `The ${role} has left this vchan`,
        wayOut: 'Open it anew when the other side is there again.',
      };
    case 'vanished':
      return {
        text: `The ${role} of this vchan has gone without a word: domain ${domid} was destroyed, or runs another kernel`,
        wayOut:
          'Open it anew when the other side is there again; a domain that is built anew has another number.',
      };
    case 'domainEnded':
      return {
        text: `The ${role} of this vchan has gone: domain ${domid} has ended`,
        wayOut: 'It was for that domain alone: open it anew for the one that takes its place.',
      };
  }
}

/** Nothing can be written any more. `progress`: what was done before, from its comma or semicolon on. */
export function goneError(peer: GonePeer, progress = ''): XenscopeError {
  const { text, wayOut } = wordsOf(peer);
  return new XenscopeError('gone', `${text}${progress}.`, { wayOut });
}

/** A packet whose other half never comes. */
export function unfinishedError(peer: GonePeer, readyBytes: number, wantedBytes: number): XenscopeError {
  return new XenscopeError(
    'gone',
    `${wordsOf(peer).text}, with ${readyBytes} bytes unread, and ${wantedBytes} were asked for.`,
    { wayOut: 'Read what is there, then close this end.' },
  );
}
