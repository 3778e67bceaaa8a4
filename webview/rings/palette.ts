/** The theme's colours, for what CSS does not reach: canvases. Read again when the theme changes. */

export interface Palette {
  /** Lines tell things apart, and must not be mistaken for each other. */
  readonly isHighContrast: boolean;
  readonly foreground: string;
  readonly dim: string;
  readonly border: string;
  /** Between places that are told apart. */
  readonly gap: string;
  readonly track: string;
  /** Of the lines behind a chart. */
  readonly grid: string;
  readonly error: string;
  readonly warning: string;
  /** Of the first and of the second direction. */
  readonly directions: readonly [string, string];
  /** The theme's font, so many times its size. */
  font(times: number): string;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.body);
  const variable = (...names: readonly string[]) =>
    names.map((name) => style.getPropertyValue(`--vscode-${name}`).trim()).find((value) => value !== '') ??
    style.color;
  const isHighContrast = [...document.body.classList].some((name) => name.startsWith('vscode-high-contrast'));
  const size = Number.parseFloat(variable('font-size')) || 13;
  const family = variable('font-family');
  return {
    isHighContrast,
    foreground: variable('foreground'),
    dim: variable('descriptionForeground', 'foreground'),
    border: variable('contrastBorder', 'editorWidget-border', 'foreground'),
    // In high contrast surfaces are alike, and a gap must be a line.
    gap: isHighContrast ? variable('contrastBorder', 'foreground') : variable('editor-background'),
    // In high contrast lines tell things apart, and surfaces stay as they are.
    track: isHighContrast
      ? variable('editor-background')
      : variable('scrollbarSlider-background', 'editorWidget-background'),
    grid: isHighContrast
      ? variable('contrastBorder', 'foreground')
      : variable('scrollbarSlider-background', 'editorWidget-background'),
    error: variable('errorForeground', 'foreground'),
    warning: variable('editorWarning-foreground', 'charts-yellow', 'foreground'),
    directions: [variable('charts-blue', 'foreground'), variable('charts-orange', 'foreground')],
    font: (times) => `${Math.round(size * times * 10) / 10}px ${family}`,
  };
}

/** VS Code puts the theme on the body's class, and its colours on the root's style. */
export function onTheme(changed: () => void): void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}

export function prefersStillness(): boolean {
  return (
    document.body.classList.contains('vscode-reduce-motion') ||
    matchMedia('(prefers-reduced-motion: reduce)').matches
  );
}
