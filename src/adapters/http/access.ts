/**
 * What a user's object says about how its server is called (`Access`), made ready for one call: its Secrets are read now, so that a
 * rotated one counts from the next call on. Nothing of a Secret is kept after that, or said.
 */
import { X509Certificate } from 'node:crypto'
import type { Access } from '../../api/credentials.ts'
import type { KubeObject } from '../../api/object.ts'
import { isForbidden, isTooLarge } from '../../core/errors.ts'
import type { CallCredentials } from './client.ts'

/**
 * Reads a Secret of the cluster.
 *
 * @returns the Secret, or null when there is none of that name.
 * @throws as `KubeApi.get`.
 */
export type ReadSecret = (namespace: string, name: string, signal: AbortSignal) => Promise<KubeObject | null>

/**
 * Why there are no credentials, as a clause: `setting`, a user has to put it right; `outage`, another try may find them.
 */
export interface NoCredentials {
  readonly why: 'setting' | 'outage'
  readonly error: string
}

/** Characters of a token, a user name or a password: servers take 8 to 16 KiB of headers in all. */
const MAX_TEXT = 8192
/** Characters of a CA bundle. */
const MAX_CA = 256 * 1024
/** What a header can carry (RFC 9110 §5.5). */
const PRINTABLE = /^[\t -~]*$/

/**
 * The credentials of one call.
 *
 * @param namespace of the object that has the access: its Secrets are looked for there alone.
 */
export async function callCredentials(
  access: Access,
  namespace: string,
  readSecret: ReadSecret,
  signal: AbortSignal,
): Promise<CallCredentials | NoCredentials> {
  const { headers = {}, secretRef, caSecretRef, insecureSkipVerify = false } = access
  const secret = async (name: string, keys: string): Promise<SecretTexts> =>
    new SecretTexts(await readSecret(namespace, name, signal), `Secret ${namespace}/${name}`, keys)
  try {
    const [shown, trusted] = await Promise.all([
      secretRef === undefined ? null : secret(secretRef.name, 'token, or with the keys username and password'),
      caSecretRef === undefined ? null : secret(caSecretRef.name, 'ca.crt'),
    ])
    const own = Object.entries(headers).map(([name, values]) => [name.toLowerCase(), joined(name, values)])
    return {
      headers: {
        ...Object.fromEntries(own),
        ...(shown === null ? {} : { authorization: authorizationOf(shown) }),
      },
      ca: trusted === null ? null : caOf(trusted),
      insecureSkipVerify,
    }
  } catch (error) {
    return problemOf(
      error,
      namespace,
      [secretRef, caSecretRef].flatMap(reference => reference?.name ?? []),
    )
  }
}

/** A Secret that is not as it must be. */
export class Unusable extends Error {}

/** The texts of a Secret. */
export class SecretTexts {
  readonly #data: Readonly<Record<string, unknown>>
  readonly called: string

  /** @throws Unusable when there is no Secret, or one that gives more than its owner may give. */
  constructor(secret: KubeObject | null, called: string, keys: string) {
    if (secret === null) throw new Unusable(`${called} does not exist; create it with the key ${keys}`)
    // Who may write a Canary could have the token of any ServiceAccount of the namespace sent to a server of their choice.
    if (secret['type'] === 'kubernetes.io/service-account-token') {
      throw new Unusable(`${called} is the token of a ServiceAccount, which is not sent; name a Secret of another type`)
    }
    const data = secret['data']
    this.#data = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
    this.called = called
  }

  /** The text under a key, without space around it; undefined when there is none. @throws Unusable when it is too long. */
  text(key: string, most: number): string | undefined {
    const encoded = Object.hasOwn(this.#data, key) ? this.#data[key] : undefined
    if (typeof encoded !== 'string') return undefined
    if (encoded.length > most * 2) throw this.tooLong(key, most)
    const text = Buffer.from(encoded, 'base64').toString('utf8').trim()
    if (text.length > most) throw this.tooLong(key, most)
    return text === '' ? undefined : text
  }

  tooLong(key: string, most: number): Unusable {
    return new Unusable(`${this.called}: ${key} is longer than ${most} characters`)
  }
}

function authorizationOf(secret: SecretTexts): string {
  const token = secret.text('token', MAX_TEXT)
  if (token !== undefined) {
    if (!PRINTABLE.test(token)) throw new Unusable(`${secret.called}: token has characters that no header can carry`)
    return `Bearer ${token}`
  }
  const [username, password] = [secret.text('username', MAX_TEXT), secret.text('password', MAX_TEXT)]
  if (username === undefined || password === undefined) {
    const missing = username === password ? 'neither token nor username and password' : 'username and password not both'
    throw new Unusable(`${secret.called} has ${missing}; write the key token, or both username and password`)
  }
  if (username.includes(':')) throw new Unusable(`${secret.called}: username has a colon, which ends it (RFC 7617)`)
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

export function caOf(secret: SecretTexts): string {
  const ca = secret.text('ca.crt', MAX_CA)
  if (ca === undefined) throw new Unusable(`${secret.called} has no key ca.crt; write the authorities there, in PEM`)
  try {
    // The first of the bundle; OpenSSL would take a text without one for no authority at all.
    return new X509Certificate(ca).raw.length > 0 ? ca : ''
  } catch {
    throw new Unusable(`${secret.called}: ca.crt holds no certificate in PEM`)
  }
}

/** Several values of one header are one, in a list (RFC 9110 §5.3); cookies have a separator of their own. */
const joined = (name: string, values: readonly string[]): string =>
  values.join(name.toLowerCase() === 'cookie' ? '; ' : ', ')

/** Why Secrets could not be read, or not be used. */
export function problemOf(error: unknown, namespace: string, names: readonly string[]): NoCredentials {
  if (error instanceof Unusable) return { why: 'setting', error: error.message }
  if (isForbidden(error)) {
    const allowed = `kubectl -n ${namespace} create rolebinding sluice-credentials --clusterrole=sluice-credentials --serviceaccount=${accountIn(String(error))}`
    return {
      why: 'setting',
      error: `Sluice may not read Secrets of namespace ${namespace}; allow it: ${allowed}`,
    }
  }
  const called = names.map(name => `Secret ${namespace}/${name}`).join(' or ')
  const said = error instanceof Error ? error.message : String(error)
  return { why: isTooLarge(error) ? 'setting' : 'outage', error: `${called} cannot be read: ${said}` }
}

/** The ServiceAccount that the API server has refused; that of the manifests where it names none. */
function accountIn(refusal: string): string {
  return /"system:serviceaccount:([^":]+:[^":]+)"/.exec(refusal)?.[1] ?? 'sluice-system:sluice'
}
