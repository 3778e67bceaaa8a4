/** The words of these names in what a page has kept; undefined where one is not there. */
export function keptWords<Name extends string>(
  state: unknown,
  ...names: readonly Name[]
): Readonly<Record<Name, string>> | undefined {
  const kept = (state ?? {}) as Readonly<Record<string, unknown>>;
  if (!names.every((name) => typeof kept[name] === 'string')) return undefined;
  return Object.fromEntries(names.map((name) => [name, kept[name]])) as Record<Name, string>;
}
