/** Sends alerts and commit statuses over HTTP, one attempt a call. Nothing that is said of a call shows its path, its query or what the server was shown. */
import { type AlertProvider, type ChatType, isGitType } from '../../api/alert-provider.ts'
import type { AlertCall, AlertOutcome } from '../../core/model/alert.ts'
import { gitCommitOf, isAllowedRepo } from '../../core/model/commit.ts'
import type { ReadyProblem } from '../../core/model/ready-problem.ts'
import type { AlertSender } from '../../core/ports.ts'
import type { Milliseconds } from '../../core/time.ts'
import type { ReadSecret } from '../http/access.ts'
import { problemOfHost } from '../http/addresses.ts'
import { type HttpAnswer, HttpClient, type HttpOutcome } from '../http/client.ts'
import { Deadline } from '../http/deadline.ts'
import { type Environment, proxyOf } from '../http/proxy.ts'
import { redact, secretPartsOf, shownAnswer } from '../http/redaction.ts'
import { problemBeforeLookup, problemBehindProxy, targetPolicy, type WebhookTargets } from '../http/targets.ts'
import { commitStatusOutcome, commitStatusRequest, redirected, tokenHeader } from './commit-status.ts'
import { discordBody } from './discord.ts'
import { chatBody, chatUrl } from './gchat.ts'
import { genericBody } from './generic.ts'
import { teamsBody } from './msteams.ts'
import { rocketBody } from './rocket.ts'
import { isSlackApi, slackBody, slackOutcome } from './slack.ts'
import { type AlertTarget, targetOf } from './target.ts'
import type { Style } from './words.ts'

export interface HttpAlertsOptions {
  readonly readSecret: ReadSecret
  /** Which servers may be called: the same as for webhooks, for tenants write these URLs, too. */
  readonly targets: WebhookTargets
  /** Where proxies are read; null: none is used but what an AlertProvider names. */
  readonly environment: Environment | null
  readonly userAgent: string
  /** Name of the cluster, in the context of commit statuses. */
  readonly cluster: string
}

/** Of an attempt: the Secrets, the name, the connection, the last byte of the answer. */
const DEADLINE: Milliseconds = 10_000
/** Bytes of an answer that are read. */
const MOST_READ = 16 * 1024

export class HttpAlerts implements AlertSender {
  readonly #options: HttpAlertsOptions
  readonly #client: HttpClient

  constructor(options: HttpAlertsOptions) {
    this.#options = options
    this.#client = new HttpClient({ environment: options.environment, addresses: targetPolicy(options.targets) })
  }

  async send(call: AlertCall, signal: AbortSignal): Promise<AlertOutcome> {
    const deadline = new Deadline(DEADLINE, signal)
    const begun = performance.now()
    const target = await targetOf(call.provider, this.#options.readSecret, deadline.signal)
    deadline.end()
    if ('problem' in target) return failed(`was not called: ${target.problem.message}`)
    const message = messageFor(call, target, this.#options.cluster)
    if ('error' in message) return message
    const problem = this.#problemOfProxied(call.provider.spec, message.url)
    if (problem !== null) return failed(`was not called: ${problem}`)
    const { proxy } = call.provider.spec
    const outcome = await this.#client.send({
      method: 'POST',
      url: message.url,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'idempotency-key': call.id,
        'user-agent': this.#options.userAgent,
        ...message.headers,
      },
      body: JSON.stringify(message.body),
      credentials: { headers: message.token, ca: target.ca, insecureSkipVerify: false },
      ...(proxy === undefined ? {} : { proxy: new URL(proxy) }),
      deadline: Math.max(1, DEADLINE - (performance.now() - begun)),
      sizeLimit: MOST_READ,
      signal,
    })
    return message.outcomeOf(outcome)
  }

  async problemOf(provider: AlertProvider, signal: AbortSignal): Promise<ReadyProblem | null> {
    const { targets } = this.#options
    const deadline = new Deadline(DEADLINE, signal)
    const target = await targetOf(provider, this.#options.readSecret, deadline.signal)
    deadline.end()
    if ('problem' in target) return target.problem
    const { proxy } = provider.spec
    const ofAddress = problemBeforeLookup(target.url.href, targets) ?? this.#problemOfProxied(provider.spec, target.url)
    const ofProxy = proxy === undefined ? null : problemOfHost(new URL(proxy), targetPolicy(targets))
    if (ofAddress === null && ofProxy === null) return null
    const message =
      ofAddress === null ? `spec.proxy is never called: ${ofProxy}` : `the address is never called: ${ofAddress}`
    return { reason: 'AddressRefused', message }
  }

  /** Why a server behind a proxy must not be called; its name alone is known. The client checks the addresses of others. */
  #problemOfProxied({ proxy }: AlertProvider['spec'], url: URL): string | null {
    const { environment, targets } = this.#options
    try {
      const isProxied = proxy !== undefined || (environment !== null && proxyOf(url, environment) !== null)
      return isProxied ? problemBehindProxy(url.hostname, targets) : null
    } catch (error) {
      return (error as Error).message
    }
  }

  close(): void {
    this.#client.close()
  }
}

/** What is sent, and what an answer to it means. */
interface Message {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly token: Readonly<Record<string, string>>
  readonly body: unknown
  readonly outcomeOf: (outcome: HttpOutcome) => AlertOutcome
}

interface Refusal {
  readonly kind: 'final'
  readonly error: string
}

function messageFor(call: AlertCall, target: AlertTarget, cluster: string): Message | Refusal {
  const { type } = call.provider.spec
  if (isGitType(type)) return statusFor(call, target, cluster)
  if (call.commit !== null) return final(`is of type ${type}, which takes no status of a commit`)
  return {
    url: type === 'gchat' ? chatUrl(target.url, call.alert) : target.url,
    headers: {},
    token: target.token === null ? {} : { authorization: `Bearer ${target.token}` },
    body: bodyOf(type, call),
    outcomeOf: outcome => outcomeOf(outcome, target, type),
  }
}

/** An AlertProvider may have changed since the status was decided on: what it allows is looked up where the token is used. */
function statusFor(
  { provider, alert, commit: note }: AlertCall,
  target: AlertTarget,
  cluster: string,
): Message | Refusal {
  const { type, repos = [], secretRef } = provider.spec
  if (!isGitType(type) || note === null) return final(`is of type ${type}, which takes the status of a commit alone`)
  const commit = gitCommitOf(note.of)
  if (commit === null || commit.type !== type) return final(`is of type ${type}, and ${note.of} is no commit of it`)
  if (!isAllowedRepo(repos, commit.repo)) {
    return final(`was not called: repository ${commit.repo} is not allowed by spec.repos; add it there`)
  }
  const secret = `Secret ${provider.metadata.namespace}/${secretRef?.name}`
  return {
    ...commitStatusRequest(target.url, commit, note.state, alert, cluster),
    token: tokenHeader(type, target.token ?? ''),
    outcomeOf: outcome => {
      if (outcome.kind === 'answer') {
        const said = outcome.redact(redact(outcome.body ?? '', secretPartsOf(target.url)))
        return commitStatusOutcome(outcome, commit, note.state, said, secret)
      }
      return outcome.why === 'redirect' ? redirected(outcome.error, commit) : failed(outcome.error)
    },
  }
}

function bodyOf(type: ChatType, { provider: { spec }, alert, thread, id }: AlertCall): unknown {
  const style: Style = { channel: spec.channel ?? '', username: spec.username ?? '', thread, id }
  switch (type) {
    case 'slack':
      return slackBody(alert, style)
    case 'msteams':
      return teamsBody(alert)
    case 'discord':
      return discordBody(alert, style)
    case 'rocket':
      return rocketBody(alert, style)
    case 'gchat':
      return chatBody(alert, style)
    case 'generic':
      return genericBody(alert, style, spec.template)
  }
}

const final = (error: string): Refusal => ({ kind: 'final', error })

const failed = (error: string, after: Milliseconds | null = null): AlertOutcome => ({ kind: 'failed', error, after })

/** What the content of a message is refused with. */
const OF_THE_CONTENT: readonly number[] = [400, 413, 422]
/** What the address, or the credentials, are refused with: a user can mend these while the message waits. */
const OF_THE_CALLER: readonly number[] = [401, 403, 404, 410]

function outcomeOf(outcome: HttpOutcome, target: AlertTarget, type: ChatType): AlertOutcome {
  const secrets = secretPartsOf(target.url)
  if (outcome.kind === 'failed') return failed(redact(outcome.error, secrets))
  const { status, retryAfter } = outcome
  const hidden = (text: string): string => outcome.redact(redact(text, secrets))
  if (status >= 200 && status < 300) {
    return type === 'slack' && isSlackApi(target.url)
      ? slackOutcome(jsonIn(outcome), hidden)
      : { kind: 'delivered', thread: null }
  }
  const error = `answered ${status}${shownAnswer(hidden(outcome.body ?? ''))}`
  if (OF_THE_CONTENT.includes(status)) return { kind: 'refused', error }
  return OF_THE_CALLER.includes(status) ? { kind: 'rejected', error } : failed(error, retryAfter)
}

function jsonIn({ body }: HttpAnswer): unknown {
  try {
    return JSON.parse(body ?? '') as unknown
  } catch {
    return null
  }
}
