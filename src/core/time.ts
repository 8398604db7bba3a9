/** Units that the whole core speaks in. */

/** Milliseconds since the Unix epoch. */
export type Instant = number

/** A length of time in milliseconds. */
export type Milliseconds = number

/** Whole percent of requests, 0-100. */
export type Percent = number
