/** One page as the extension ships it, in a browser without VS Code: what it is told, and what it says. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { root } from './artefacts';
import { openBrowser, type Browser } from './browser';

const file = (name: string) => readFileSync(path.join(root, 'dist/webview', name), 'utf8');
/** Two frames of the browser: what was asked of it is drawn, and observers have been told. */
const drawn = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))`;

export class ShippedPage<ToPage, FromPage extends { readonly kind: string }> {
  #browser: Browser | undefined;

  /** Opens a window before the tests of a suite, and closes it after them; `name` is that of the page's files. */
  constructor(private readonly name: string) {
    before(async () => {
      this.#browser = await openBrowser('http://127.0.0.1');
    });
    after(() => this.#browser?.close());
  }

  /** Loads it anew; `kept` is what a page before it left behind. */
  async load(kept: object = {}): Promise<void> {
    // A window of its own: timers of the page before end with it.
    await this.page.goto('about:blank');
    await this.page.setContent(
      `<!doctype html><style>${file(`${this.name}.css`)}</style><main id="root"></main>
       <script>
         window.sent = []; window.kept = ${JSON.stringify(kept)};
         function acquireVsCodeApi() {
           return { postMessage: (it) => sent.push(it), setState: (it) => (kept = it), getState: () => kept };
         }
       </script>
       <script>${file(`${this.name}.js`).replaceAll('</script', '<\\/script')}</script>`,
    );
  }

  get page(): Page {
    return this.browser.page;
  }

  get browser(): Browser {
    if (!this.#browser) throw new Error('The browser has not been started');
    return this.#browser;
  }

  /** Tells it something, and waits until that is drawn. */
  async post(message: ToPage): Promise<void> {
    await this.run(`window.postMessage(${JSON.stringify(message)}, '*'); ${drawn}`);
  }

  async drawn(): Promise<void> {
    await this.run(drawn);
  }

  /** What runs in the page is text: the loader of a test would put helpers of its own into a function. */
  run<T>(script: string): Promise<T> {
    return this.page.evaluate(script) as Promise<T>;
  }

  /** All that it said to the extension since it was loaded. */
  sent(): Promise<FromPage[]> {
    return this.run('sent');
  }

  async sentOf<Kind extends FromPage['kind']>(kind: Kind): Promise<Extract<FromPage, { kind: Kind }>[]> {
    const all = await this.sent();
    return all.filter((it): it is Extract<FromPage, { kind: Kind }> => it.kind === kind);
  }
}
