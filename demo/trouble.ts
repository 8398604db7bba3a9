/** What ends the demo early, in words. */

/** Troubles that a user can mend, in a sentence; a defect of the demo with its stack. */
export function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') {
    return `The disk is full, so the demo cannot keep its kubeconfig and its log (${message}). Make room, or set TMPDIR to a folder on another disk.`
  }
  if (code === 'EACCES' || code === 'EROFS') {
    return `The demo cannot write where it keeps its kubeconfig and its log (${message}). Set TMPDIR to a folder that it may write to.`
  }
  // Errors that are no mere Error are of Node or of V8: we have no sentence for them.
  return error.name === 'Error' && code === undefined ? message : (error.stack ?? message)
}
