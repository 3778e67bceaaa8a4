/** Numbers in nodes that guests write: anything may stand there. */

/** Domains that can exist; what lies above has other meanings. */
const domidLimit = 0x7ff0;

/** Undefined where the text is no whole number of 32 bits. */
export function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number < 2 ** 32 ? number : undefined;
}

export function domidIn(text: string | undefined): number | undefined {
  const number = numberIn(text);
  return number !== undefined && number < domidLimit ? number : undefined;
}

/** Event channels are numbered from 1. */
export function portIn(text: string | undefined): number | undefined {
  const number = numberIn(text);
  return number === undefined || number === 0 ? undefined : number;
}
