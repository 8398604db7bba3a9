/** The name of the target in metrics and queries: as a whole word, so that `web` is in `web-canary` and `web-.*`, not in `web-api`. */

const escaped = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

/** The name with `-canary` or without, not as a part of a longer name. */
const pattern = (name: string): RegExp => new RegExp(`(?<![\\w-])${escaped(name)}(?:-canary)?(?!\\w|-\\w)`, 'g')

/** Whether a text names the target. */
export const mentions = (text: string, target: string): boolean => pattern(target).test(text)

/** The text about the primary instead of the target, as Flagger rewrites queries. */
export const aboutPrimary = (text: string, target: string, primary: string): string =>
  text.replaceAll(pattern(target), primary)
