/** How routes tell callers by a cookie: a regular expression of the whole header Cookie, whatever the API of the routes. */
import type { Cookie } from '../model/traffic.ts'

/** RE2: the cookie among others, and not one whose name or value has it as a part. */
export function cookiePattern({ name, value }: Pick<Cookie, 'name' | 'value'>): string {
  return `(^|.*; ?)${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}=${value}(;.*)?`
}

/** `name=value` of the cookie that a pattern is for; null where it is another expression. */
export function cookieInPattern(pattern: string): string | null {
  const [, cookie] = /^\(\^\|\.\*; \?\)(.*)\(;\.\*\)\?$/.exec(pattern) ?? []
  return cookie === undefined ? null : cookie.replaceAll('\\', '')
}
