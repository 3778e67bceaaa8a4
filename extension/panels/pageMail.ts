/** What a page is told: kept in order until it is there, and told at once from then on. */

/** News come ten times a second at most, and a page is there within moments; else the oldest is forgotten. */
export const maxWaitingMessages = 50;

/** As a webview of VS Code has it. */
export interface Letterbox {
  postMessage(message: unknown): Thenable<boolean>;
}

export class PageMail<Message> {
  private waiting: Message[] | undefined = [];

  constructor(private readonly page: Letterbox) {}

  post(message: Message): void {
    if (!this.waiting) return void this.page.postMessage(message);
    this.waiting.push(message);
    if (this.waiting.length > maxWaitingMessages) this.waiting.shift();
  }

  /** The page is there. Answers what waits to be told; undefined where it is one that was loaded anew. */
  begin(): readonly Message[] | undefined {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }
}
