/** Trouble that ends a program: one sentence that says what to do. */

/** Ends with exit code 1, and nothing but its sentence. */
export class StartupError extends Error {
  override readonly name = 'CannotStart'
}
