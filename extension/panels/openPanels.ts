/** One panel for each thing: asked for again, the one that is open comes to the front. */
export class OpenPanels<P extends { reveal(): void }> {
  private readonly byKey = new Map<string, P>();

  /**
   * `make` is given what to call when the panel is closed. `revived`: the tab that VS Code has brought back for it; it
   * is closed where another one is open already.
   */
  open(key: string, make: (closed: () => void) => P, revived?: { dispose(): void }): P {
    const open = this.byKey.get(key);
    if (open) {
      revived?.dispose();
      open.reveal();
      return open;
    }
    const made = make(() => this.byKey.delete(key));
    this.byKey.set(key, made);
    return made;
  }
}
