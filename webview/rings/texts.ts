/** Text that stays the same is not touched, so that a selection in it survives. */
export function setText(into: HTMLElement, text: string): void {
  if (into.textContent !== text) into.textContent = text;
}
