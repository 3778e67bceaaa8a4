/** Writes what passes through a store's connections into a journal. */
import type { ConnectionTap, StoreTap, TappedConnection } from '../host/tap';
import type { Journal, JournalSource } from './journal';
import { sentRole } from './journalEntry';
import { Reassembly, type ReassemblyListener } from './reassembly';

export function recordStore(journal: Journal): StoreTap {
  return { opened: (connection) => new ConnectionRecorder(journal, connection) };
}

class ConnectionRecorder implements ConnectionTap {
  readonly #journal: Journal;
  readonly #source: JournalSource;
  readonly #requests: Reassembly;
  readonly #replies: Reassembly;

  constructor(journal: Journal, { transport, domid, privileged }: TappedConnection) {
    this.#journal = journal;
    this.#source = journal.source(domid);
    this.#requests = this.#reassembly('request');
    this.#replies = this.#reassembly('reply');
    const how = transport === 'process' ? 'in process' : `over a ${transport}`;
    this.#add('opened', `${how}${privileged ? ', privileged' : ''}`);
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    // One message in one piece is by far the most common: it takes the short way.
    if (this.#requests.isOneMessage(bytes, start, end)) {
      this.#journal.addMessage(this.#source, 'connection', 'request', false, bytes, start, end);
    } else this.#requests.push(bytes, start, end);
  }

  sent(bytes: Uint8Array, start: number, end: number): void {
    if (this.#replies.isOneMessage(bytes, start, end)) {
      const role = sentRole(bytes, start);
      this.#journal.addMessage(this.#source, 'connection', role, false, bytes, start, end);
    } else this.#replies.push(bytes, start, end);
  }

  restarted(): void {
    this.#requests.restart();
    this.#replies.restart();
    this.#add('restarted');
  }

  closed(reason?: string): void {
    this.#requests.restart();
    this.#replies.restart();
    this.#add('closed', reason);
  }

  #add(kind: 'opened' | 'restarted' | 'closed', text?: string): void {
    this.#journal.add(this.#source, { kind, layer: 'connection', text });
  }

  #reassembly(role: 'request' | 'reply'): Reassembly {
    const journal = this.#journal;
    const source = this.#source;
    const listener: ReassemblyListener = {
      message(bytes, start, end) {
        const what = role === 'reply' ? sentRole(bytes, start) : role;
        journal.addMessage(source, 'connection', what, false, bytes, start, end);
      },
      lost: (lostBytes, reason) =>
        void journal.add(source, { kind: 'lost', layer: 'connection', role, lostBytes, reason }),
    };
    return new Reassembly({ role, listener, isAtBoundary: true });
  }
}
