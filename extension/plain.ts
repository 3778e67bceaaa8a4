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
