/** On Ctrl-C or a polite kill: ends all children that processes.mjs started, then leaves through `exit`. */
export function endWithChildren(status?: number): void;
