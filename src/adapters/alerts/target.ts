/** Where an AlertProvider leads, from its spec and its Secrets, which are read now: a rotated one counts from the next alert on. */
import {
  type AlertProvider,
  type AlertType,
  CONNECTOR_SENTENCE,
  isConnector,
  isGitType,
} from '../../api/alert-provider.ts'
import type { ReadyProblem } from '../../core/model/ready-problem.ts'
import { caOf, problemOf, type ReadSecret, SecretTexts, Unusable } from '../http/access.ts'
import { gitServerOf } from './commit-status.ts'
import { discordUrl } from './discord.ts'
import { isSlackApi, SLACK_API } from './slack.ts'

export interface AlertTarget {
  readonly url: URL
  readonly token: string | null
  /** In PEM; null: the authorities that Node trusts. */
  readonly ca: string | null
}

const MAX_ADDRESS = 2048
const MAX_TOKEN = 8192
/** What a header can carry (RFC 9110 §5.5). */
const PRINTABLE = /^[!-~]*$/

export async function targetOf(
  { spec, metadata }: AlertProvider,
  readSecret: ReadSecret,
  signal: AbortSignal,
): Promise<AlertTarget | { readonly problem: ReadyProblem }> {
  const { namespace = '' } = metadata
  const { type, channel, secretRef, caSecretRef } = spec
  const read = async (name: string, keys: string): Promise<SecretTexts> =>
    new SecretTexts(await readSecret(namespace, name, signal), `Secret ${namespace}/${name}`, keys)
  try {
    const secret = secretRef === undefined ? null : await read(secretRef.name, keyOf(type))
    const trusted = caSecretRef === undefined ? null : await read(caSecretRef.name, 'ca.crt')
    const token = secret?.text('token', MAX_TOKEN) ?? null
    if (token !== null && !PRINTABLE.test(token)) {
      throw new Unusable(`${secret?.called}: token has characters that no header can carry`)
    }
    if (token === null && isGitType(type)) {
      throw new Unusable(`${secret?.called} has no key token; write the token there`)
    }
    const url = urlOf(spec, secret, token)
    if (type === 'slack' && isSlackApi(url)) {
      if (token === null)
        throw new Unusable('the method chat.postMessage of Slack needs a token: write the key token into the Secret')
      if (channel === undefined)
        throw new Unusable('a token of Slack needs spec.channel: write the id of the channel, or its name')
    }
    return { url: type === 'discord' ? discordUrl(url) : url, token, ca: trusted === null ? null : caOf(trusted) }
  } catch (error) {
    const names = [secretRef, caSecretRef].flatMap(reference => reference?.name ?? [])
    const { why, error: message } = problemOf(error, namespace, names)
    return { problem: { reason: why === 'outage' ? 'SecretNotReadable' : 'SecretNotUsable', message } }
  }
}

const keyOf = (type: AlertType): string => {
  if (isGitType(type)) return 'token'
  return type === 'slack' ? 'address, or token' : 'address'
}

/** The address as it is written, or as the Secret has it. @throws Unusable where there is none that can be called. */
function urlOf({ type, address }: AlertProvider['spec'], secret: SecretTexts | null, token: string | null): URL {
  const otherwise = isGitType(type) ? gitServerOf(type) : type === 'slack' && token !== null ? SLACK_API : null
  const written = address ?? secret?.text('address', MAX_ADDRESS) ?? otherwise
  const called = secret?.called ?? 'spec.address'
  if (written === null && isGitType(type)) throw new Unusable(`write the URL of the ${type} server into spec.address`)
  if (written === null) {
    const keys = type === 'slack' ? 'address or token' : 'address'
    throw new Unusable(`${called} has no key ${keys}; write ${type === 'slack' ? 'one of them' : 'the URL there'}`)
  }
  if (type === 'msteams' && isConnector(written)) throw new Unusable(`${called}: ${CONNECTOR_SENTENCE}`)
  // Not what it is instead: it is secret.
  if (!/^https?:\/\/[^/?# ]/i.test(written) || !URL.canParse(written)) {
    throw new Unusable(`${called}: address is no URL; write one that begins with https://`)
  }
  return new URL(written)
}
