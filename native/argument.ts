/**
 * What is asked of C is checked here first: C believes every number that it is given. A number that
 * makes no sense is a RangeError, a mistake of the caller, as elsewhere in the ports of a host.
 */

/** DOMID_FIRST_RESERVED of xen/include/public/xen.h: from here on a number means something else. */
const domidLimit = 0x7ff0;
/** Ports and grant references are 32-bit in C, and ports must fit an int as well. */
const portLimit = 2 ** 31;
const grefLimit = 2 ** 32;

export function isDomid(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < domidLimit;
}

export function isPort(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value < portLimit;
}

export function isGref(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < grefLimit;
}

export function mustBeCount(value: number, max: number, what: string): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new RangeError(`${value} is no number of ${what} from 1 to ${max}`);
}

export function mustBeAccess(value: string): void {
  if (value !== 'read' && value !== 'write')
    throw new RangeError(`${String(value)} is neither read nor write`);
}
