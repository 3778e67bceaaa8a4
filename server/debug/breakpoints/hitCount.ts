/** How often a breakpoint must be met before it stops: `5`, `== 5`, `> 5`, `>= 5`, `< 5`, `<= 5`, `% 5`. */
import type { Problem } from './conditions';

export type HitCount = (hits: number) => boolean;

export function parseHitCount(text: string): HitCount | Problem {
  const [, sign = '==', digits] = /^\s*(==?|>=?|<=?|%)?\s*(\d{1,9})\s*$/.exec(text) ?? [];
  if (digits === undefined || (sign === '%' && Number(digits) === 0)) {
    return { problem: `“${text}” is no hit count. Write a number, or >, >=, ==, <, <= or % before one.` };
  }
  const count = Number(digits);
  switch (sign) {
    case '>':
      return (hits) => hits > count;
    case '>=':
      return (hits) => hits >= count;
    case '<':
      return (hits) => hits < count;
    case '<=':
      return (hits) => hits <= count;
    case '%':
      return (hits) => hits % count === 0;
    default:
      return (hits) => hits === count;
  }
}
