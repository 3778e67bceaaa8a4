/**
 * A rule looks back at what is over no further than this: afterwards time alone changes no verdict on a
 * ring in which nothing waits, and nobody needs to ask for one.
 */
export const movementRememberedMs = 1_000;
export const resetRememberedMs = 10_000;
