/** `analysis.sessionAffinity`: the cookies by which callers stay with the side that answered them. */
import { z } from 'zod'
import { ruled } from './schema.ts'

/** RFC 6265 §4.1.1: the name is a token (RFC 9110 §5.6.2). */
const NAME_PATTERN = "^[-!#$%&'*+.^_`|~0-9A-Za-z]+$"
/** What may follow `=` in an attribute of Set-Cookie. */
const ATTRIBUTE_PATTERN = '^[ -:<-~]*$'

const cookieName = () =>
  ruled(z.string().min(1).max(128), {
    message: 'a cookie is named by letters, digits and any of !#$%&*+-.^_`|~, such as web-canary',
    cel: `self.matches('${NAME_PATTERN.replace("'", "\\'")}')`,
    holds: name => new RegExp(NAME_PATTERN).test(name),
  })

const attribute = (most: number) =>
  ruled(z.string().max(most), {
    message: 'an attribute of a cookie has no semicolon and no control character',
    cel: `self.matches('${ATTRIBUTE_PATTERN}')`,
    holds: text => new RegExp(ATTRIBUTE_PATTERN).test(text),
  })

/** Prefixes of names that promise attributes, in any case (RFC 6265bis §4.1.3). */
const begins = (prefix: string): string =>
  ['cookieName', 'primaryCookieName']
    .map(field => `has(self.${field}) && self.${field}.lowerAscii().startsWith('${prefix}')`)
    .join(' || ')

const isNamed = (
  cookies: { readonly cookieName: string; readonly primaryCookieName?: string | undefined },
  prefix: string,
): boolean => [cookies.cookieName, cookies.primaryCookieName ?? ''].some(name => name.toLowerCase().startsWith(prefix))

export const SessionAffinity = ruled(
  z.object({
    cookieName: cookieName().describe(
      'Name of the cookie that a response of the canary sets: its callers stay on the canary as long as it is healthy.',
    ),
    primaryCookieName: cookieName()
      .exactOptional()
      .describe(
        'Name of the cookie that a response of the primary sets in a run: its callers stay on the primary for one `interval`, except at weight 100. Left out: they are drawn again with each request.',
      ),
    maxAge: z
      .int()
      .min(1)
      .max(34_560_000)
      .exactOptional()
      .describe('How many seconds the cookie of the canary lives. Left out: a day.'),
    domain: attribute(253).exactOptional().describe('Attribute Domain of both cookies.'),
    path: attribute(1024).exactOptional().describe('Attribute Path of both cookies.'),
    httpOnly: z.boolean().default(false).describe('Whether scripts of a page cannot read the cookies.'),
    secure: z.boolean().default(false).describe('Whether the cookies are sent over HTTPS alone.'),
    partitioned: z.boolean().default(false).describe('Whether the cookies are kept apart for each top-level site.'),
    sameSite: z
      .enum(['Strict', 'Lax', 'None'])
      .exactOptional()
      .describe('Attribute SameSite of both cookies: with which requests from other sites they are sent.'),
  }),
  {
    message: 'cookieName and primaryCookieName must be two names, or nothing tells the two sides apart',
    cel: '!has(self.primaryCookieName) || self.primaryCookieName != self.cookieName',
    holds: ({ cookieName: canary, primaryCookieName: primary }) => canary !== primary,
  },
  {
    message: 'browsers take a cookie with sameSite: None or partitioned: true over HTTPS alone: write secure: true',
    cel: `!(has(self.sameSite) && self.sameSite == 'None' || has(self.partitioned)) || has(self.secure)`,
    holds: ({ sameSite, partitioned, secure }) => (sameSite !== 'None' && !partitioned) || secure,
  },
  {
    message:
      'browsers take a cookie named __Secure-… or __Host-… over HTTPS alone: write secure: true, or another name',
    cel: `!(${begins('__secure-')} || ${begins('__host-')}) || has(self.secure)`,
    holds: cookies => cookies.secure || !(isNamed(cookies, '__secure-') || isNamed(cookies, '__host-')),
  },
  {
    message: 'browsers take a cookie named __Host-… with path: / and without a domain: write so, or another name',
    cel: `!(${begins('__host-')}) || has(self.path) && self.path == '/' && !has(self.domain)`,
    holds: cookies => !isNamed(cookies, '__host-') || (cookies.path === '/' && cookies.domain === undefined),
  },
)
