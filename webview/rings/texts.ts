/** Text that stays the same is not touched, so that a selection in it survives. */
export function setText(into: HTMLElement, text: string): void {
  if (into.textContent !== text) into.textContent = text;
}

/** The same of a hover: one that is set anew begins to wait anew. */
export function setTitle(into: HTMLElement, text: string): void {
  if (into.title !== text) into.title = text;
}

/** And of what a screen reader says. */
export function setLabel(into: HTMLElement, text: string): void {
  if (into.getAttribute('aria-label') !== text) into.setAttribute('aria-label', text);
}
