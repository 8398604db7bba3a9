/** The name of the target in metrics and queries: as a whole word, so that `web` is in `web-canary` and `web-.*`, not in `web-api`. */

const escaped = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

/** The name with `-canary` or without, not as a part of a longer name. */
const pattern = (name: string): RegExp => new RegExp(`(?<![\\w-])${escaped(name)}(?:-canary)?(?!\\w|-\\w)`, 'g')

/** Whether a text names the target. */
export const mentions = (text: string, target: string): boolean => pattern(target).test(text)

/** A label that both sides have the same value of: a namespace or a container, which may be called as the target is. */
const IN_COMMON = /(?:namespace|container|container_name)\s*(?:=~|!~|!=|=)\s*(?:"[^"]*"|'[^']*'|`[^`]*`)/.source

/** The text about the primary instead of the target, as Flagger rewrites queries. */
export const aboutPrimary = (text: string, target: string, primary: string): string =>
  text.replaceAll(
    new RegExp(`(${IN_COMMON})|${pattern(target).source}`, 'g'),
    (_, common?: string) => common ?? primary,
  )
