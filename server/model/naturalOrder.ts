/** Names as a person sorts them: runs of digits by their number, everything else by character. */

const wholeNumber = /^[0-9]{1,15}$/;

export function compareNames(left: string, right: string): number {
  const leftIsNumber = wholeNumber.test(left);
  const rightIsNumber = wholeNumber.test(right);
  if (leftIsNumber && rightIsNumber) return Number(left) - Number(right) || compareText(left, right);
  if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
  return compareParts(left, right);
}

/** `queue-2` before `queue-10`. */
function compareParts(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  let at = 0;
  while (at < shorter && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  while (at > 0 && isDigit(left, at - 1)) at--;
  const leftDigits = digitsEnd(left, at) - at;
  const rightDigits = digitsEnd(right, at) - at;
  if (leftDigits === 0 || rightDigits === 0) return compareText(left, right);
  const difference = Number(left.slice(at, at + leftDigits)) - Number(right.slice(at, at + rightDigits));
  return difference || compareText(left, right);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function digitsEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && isDigit(text, end)) end++;
  return end;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
