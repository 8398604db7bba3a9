/** The time of the server, once a second while the tab is shown. */
import { signal } from '@preact/signals'

let ahead = 0

/** Milliseconds since 1970 by the clock of the server. */
export const now = signal(Date.now())

/** Sets the clock by a line of the server. */
export function setClock(server: number): void {
  ahead = server - Date.now()
  now.value = server
}

/** By the clock of the server, to the millisecond. */
export const serverTime = (): number => Date.now() + ahead

setInterval(() => {
  if (!document.hidden) now.value = serverTime()
}, 1000)
