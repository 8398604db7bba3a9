/** Units that the whole core speaks in. */

/** Milliseconds since the Unix epoch. */
export type Instant = number

/** A length of time in milliseconds. */
export type Milliseconds = number

/** Percent of requests, 0-100, in steps of 0.1 (shares.ts). */
export type Percent = number
