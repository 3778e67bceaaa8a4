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
    void this.#deliver(name, params).then(() => this.#onSent());
  }

  async #deliver<Name extends NotificationName>(name: Name, params: ApiNotifications[Name]): Promise<void> {
    try {
      await this.#connection.sendNotification(name, params);
    } catch {
      // The editor is gone, and the connection says so at once or later: nobody misses the message.
    }
  }

  #onSent(): void {
    this.#pending--;
    if (this.#pending > 0 || this.#missed.size === 0) return;
    const remedies = [...this.#missed.values()];
    this.#missed.clear();
    for (const makeGood of remedies) makeGood();
  }
}
