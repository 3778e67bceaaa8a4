/**
 * Notifications to the editor, bounded: while it does not read, what would pile up is left out, and
 * made good once it reads again.
 */
import type { Connection } from 'vscode-languageserver/node';
import type { ApiNotifications, NotificationName } from './api';

/** Messages handed to the stream and not yet taken by the other side. */
export const maxPendingNotifications = 50;

export class Notifier {
  readonly #connection: Connection;
  #pending = 0;
  /** By what it makes good: many misses of one kind need one remedy. */
  readonly #missed = new Map<string, () => void>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get isBusy(): boolean {
    return this.#pending >= maxPendingNotifications;
  }

  /** `makeGood` is called later when the message had to be left out; it sends the whole news. */
  send<Name extends NotificationName>(
    name: Name,
    params: ApiNotifications[Name],
    key: string,
    makeGood: () => void,
  ): void {
    if (this.isBusy) {
      this.#missed.set(key, makeGood);
      return;
    }
    this.#pending++;
    // The editor may be gone: then nobody misses the message.
    const sent = this.#connection.sendNotification(name, params).catch(() => undefined);
    void sent.then(() => this.#onSent());
  }

  #onSent(): void {
    this.#pending--;
    if (this.#pending > 0 || this.#missed.size === 0) return;
    const remedies = [...this.#missed.values()];
    this.#missed.clear();
    for (const makeGood of remedies) makeGood();
  }
}
