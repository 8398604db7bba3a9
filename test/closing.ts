/** What is opened in a test and closed after it. */
export interface Closable {
  close(): void | Promise<void>
}

/**
 * To be called in a suite: its teardown closes, the last first, what was given to the function that this returns. What is torn
 * down after that is to be said below the call, as Mocha runs teardowns in the order in which they are written.
 */
export function closingOfSuite(): <T extends Closable>(opened: T) => T {
  const open: Closable[] = []
  teardown(async () => {
    for (const opened of open.splice(0).toReversed()) await opened.close()
  })
  return opened => {
    open.push(opened)
    return opened
  }
}
