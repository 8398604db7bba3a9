/**
 * What calls to servers outside the cluster show, and by what they trust these: the fields are the same wherever a user names such a
 * server. Secrets are read by name in the namespace of the object that names them, at the moment of the call.
 */
import { z } from 'zod'
import { objectName, ruled } from './schema.ts'

/** What an object says about how its server is called; a field that is left out says nothing. */
export interface Access {
  /** Header → its values. Their values may be secret. */
  readonly headers?: Readonly<Record<string, readonly string[]>>
  /** Secret with `token`, or with `username` and `password`. */
  readonly secretRef?: SecretReference
  /** Secret with `ca.crt`: the authorities that may have signed the server's certificate, in PEM. */
  readonly caSecretRef?: SecretReference
  /** Accepts any certificate. */
  readonly insecureSkipVerify?: boolean
}

export interface SecretReference {
  readonly name: string
}

const MAX_HEADERS = 20

/** Values of one header, and characters of one value. */
export interface HeaderLimits {
  readonly values: number
  readonly length: number
}

/** An object may have so much where it is not in a list, for every item of which the API server adds up what its rules may cost. */
const ALONE: HeaderLimits = { values: 10, length: 4096 }

/** What a name of a header consists of (RFC 9110 §5.6.2), as far as any server uses it. */
const HEADER_NAME = '^[A-Za-z0-9_-]{1,100}$'
/** Headers of HTTP's own and of Sluice's requests: written by a user, they would break the request or say something false. */
const OUR_HEADERS =
  '^(?i)(accept|connection|content-length|content-type|expect|host|idempotency-key|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$'
const isOurs = new RegExp(OUR_HEADERS.replace('(?i)', ''), 'i')
/** What a value may hold (RFC 9110 §5.5), without bytes beyond ASCII, which servers read in different ways. */
const HEADER_VALUE = '^[\\t -~]*$'

const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(one => typeof one === 'string')

/** Headers of requests: name → values. */
export function requestHeaders({ values: most, length: longest }: HeaderLimits = ALONE) {
  const lists = z
    .custom<Record<string, string[]>>(given => typeof given === 'object' && given !== null && !Array.isArray(given), {
      // Not what it is instead: it may be secret.
      error: 'must be an object of lists of texts',
    })
    .superRefine((given, context) => {
      const add = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path })
      if (Object.keys(given).length > MAX_HEADERS) add(`must have at most ${MAX_HEADERS} entries`)
      // What a value is stays unsaid: it may be secret.
      for (const [name, values] of Object.entries<unknown>(given)) {
        if (!isTextList(values)) add('must be a list of texts', name)
        else if (values.length > most) add(`must have at most ${most} entries`, name)
        else if (values.some(({ length }) => length > longest)) add(`must have at most ${longest} characters`, name)
      }
    })
    .meta({
      type: 'object',
      maxProperties: MAX_HEADERS,
      additionalProperties: {
        type: 'array',
        maxItems: most,
        items: { type: 'string', maxLength: longest },
      },
    })
  return ruled(
    lists,
    {
      message: 'a name of a header has at most 100 letters, digits, dashes and underscores',
      cel: `self.all(name, name.matches('${HEADER_NAME}'))`,
      holds: given => Object.keys(given).every(name => new RegExp(HEADER_NAME).test(name)),
    },
    {
      message:
        'Accept, Content-Type, Host, Idempotency-Key and what belongs to the connection are set by Sluice: remove them',
      cel: `!self.exists(name, name.matches('${OUR_HEADERS}'))`,
      holds: given => !Object.keys(given).some(name => isOurs.test(name)),
    },
    {
      message: 'values of headers are printable ASCII, without line breaks',
      cel: `self.all(name, self[name].all(value, value.matches('${HEADER_VALUE}')))`,
      holds: given =>
        Object.values(given).every(
          values => !isTextList(values) || values.every(one => new RegExp(HEADER_VALUE).test(one)),
        ),
    },
  )
}

/** A Secret of the same namespace, by name. */
export const secretReference = () => z.object({ name: objectName().describe('Name of the Secret.') })

/** The fields of `Access`, for the schema of an object that names a server. */
export const accessFields = (limits?: HeaderLimits) => ({
  headers: requestHeaders(limits)
    .exactOptional()
    .describe(
      'Headers of each request, by name. Everyone who may read this object sees them; a secret belongs in `secretRef`.',
    ),
  secretRef: secretReference()
    .exactOptional()
    .describe(
      'Secret of this namespace with `token` (sent as a bearer token), or with `username` and `password` (basic authentication). It is read at each request.',
    ),
  caSecretRef: secretReference()
    .exactOptional()
    .describe(
      "Secret of this namespace whose `ca.crt` holds, in PEM, the authorities that may have signed the server's certificate. It is read at each request.",
    ),
})

type Given = Pick<Access, 'headers' | 'secretRef' | 'caSecretRef' | 'insecureSkipVerify'>

const namesAuthorization = (headers: Access['headers']): boolean =>
  Object.keys(headers ?? {}).some(name => name.toLowerCase() === 'authorization')

/** Contradictions between these fields, as rules of the object that has them. */
export const ACCESS_RULES = [
  {
    message: 'secretRef and a header Authorization both say who calls: keep one of them',
    cel: `!has(self.secretRef) || !has(self.headers) || !self.headers.exists(name, name.matches('^(?i)authorization$'))`,
    holds: ({ secretRef, headers }: Given) => secretRef === undefined || !namesAuthorization(headers),
  },
  {
    message: 'insecureSkipVerify accepts any certificate, so caSecretRef would mean nothing: keep one of them',
    cel: '!has(self.caSecretRef) || !has(self.insecureSkipVerify)',
    holds: ({ caSecretRef, insecureSkipVerify }: Given) => caSecretRef === undefined || insecureSkipVerify !== true,
  },
] as const

/** The part of an object that says how its server is called; null where nothing is said. */
export function accessOf({ headers, secretRef, caSecretRef, insecureSkipVerify }: Given): Access | null {
  const access = {
    ...(headers === undefined ? {} : { headers }),
    ...(secretRef === undefined ? {} : { secretRef }),
    ...(caSecretRef === undefined ? {} : { caSecretRef }),
    ...(insecureSkipVerify === true ? { insecureSkipVerify } : {}),
  }
  return Object.keys(access).length === 0 ? null : access
}
