/**
 * Foreign words in places where VS Code looks for more than words. It makes links of `[text](target)`
 * in messages, questions and the prompts of input boxes, with commands allowed among the targets, and
 * icons of `$(name)` in the status bar and in lists. Names and values come from guests: what they
 * write shall be read, not run.
 */

/** Takes no room and is seen by nobody, but parts what only counts when it stands together. */
const nothing = '\u200b';

/** The same words, meaning only themselves. */
export function plain(text: string): string {
  return text.replace(/([\]$])\(/g, `$1${nothing}(`);
}

/** As a MarkdownString of VS Code has it. */
export interface HoverText {
  appendText(text: string): unknown;
  appendMarkdown(text: string): unknown;
}

/**
 * Appends words that mean only themselves. VS Code makes every space of such a text one at which no line breaks,
 * so that lines end in the middle of words; here they are spaces again where nothing is made of them: not at the
 * begin of a text, which might be a list then, and not where several stand together.
 */
export function appendWords(hover: HoverText, text: string): void {
  const [first, ...others] = text.split(/(?<=\S \S+) (?=\S)/);
  hover.appendText(first!);
  for (const words of others) {
    hover.appendMarkdown(' ');
    hover.appendText(words);
  }
}
