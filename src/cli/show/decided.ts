/**
 * What the controller decides on what the caller may read: its own `decide`, run on an observation that the caller's requests make. A
 * kind that may not be read is named, and then nothing is decided: half an observation would be a guess. Secrets are never read.
 */
import { type Kind, kinds, type KubeObject } from '../../api/object.ts'
import { observeLive } from '../../controller/observe-live.ts'
import { ApiError, isForbidden } from '../../core/errors.ts'
import { at, recordOf, textOf } from '../../core/json.ts'
import { decide } from '../../core/machine/decide.ts'
import type { Observation } from '../../core/model/observation.ts'
import { templateOf } from '../../core/model/revision.ts'
import { candidateOf, promotedOf } from '../../core/model/selectors.ts'
import type { KubeApi, Sha256 } from '../../core/ports.ts'
import { trackedConfigs } from '../../core/render/configs.ts'
import { readStatus } from '../../core/status/read-status.ts'
import type { Instant } from '../../core/time.ts'
import { type DecisionView, decisionView } from '../../core/view/decided.ts'
import type { Session } from '../client/session.ts'
import { defaultFlags } from '../flags.ts'
import { settingsOf } from '../settings.ts'

type Caller = Pick<Session, 'api' | 'call'>

export interface Decided {
  /** null: not all that decides was read, or the spec is refused. */
  readonly decision: DecisionView | null
  /** Kinds that decide and were not read. */
  readonly unread: readonly string[]
}

/** What of the API server an observation is made of, with the kinds that were refused. */
class Reads {
  readonly api: Pick<KubeApi, 'get' | 'list'>
  /** Kind → what the API server said. */
  readonly refused = new Map<string, string>()

  constructor(session: Caller) {
    const { api } = session
    this.api = {
      get: async ref => {
        if (ref.kind.kind === kinds.Secret.kind) throw NEVER_READ
        return this.#noting(ref.kind, api.get(ref, session.call()))
      },
      // Secrets that Sluice copied follow from those that the target mounts, which are not read either.
      list: async (kind, query) =>
        kind.kind === kinds.Secret.kind
          ? { resourceVersion: '', items: [] }
          : this.#noting(kind, api.list(kind, query, session.call())),
    }
  }

  async #noting<T>({ kind }: Kind, asked: Promise<T>): Promise<T> {
    try {
      return await asked
    } catch (error) {
      if (isForbidden(error)) this.refused.set(kind, error instanceof Error ? error.message : '')
      throw error
    }
  }
}

const NEVER_READ = new ApiError({ code: 403, reason: 'Forbidden', message: 'Secrets are never read' })

/** @throws what the API server or the network answered, except that a kind or a right is missing. */
export async function decidedFor(
  session: Caller,
  canary: KubeObject,
  sha256: Sha256,
  now: Instant,
  trackConfigs = true,
): Promise<Decided> {
  const { namespace = '', name } = canary.metadata
  const reads = new Reads(session)
  // The flags of the controller cannot be seen: those that only forbid are taken for open.
  const settings = settingsOf({ ...defaultFlags(), trackConfigs }, { metricsServers: [], webhookRefusal: () => null })
  const options = { api: reads.api, sha256, settings, namespaces: [] }
  const found = await observeLive({ namespace, name }, now, options, session.call())
  if (found === null || 'problems' in found) return { decision: null, unread: [] }
  const mounts = trackConfigs ? trackedConfigs(at(found.target?.object.spec, 'template')) : []
  if (mounts.length > 0 && isUntracked(canary, found, now)) return decidedFor(session, canary, sha256, now, false)
  const unseen = found.unseen ?? ''
  const unread = [
    ...[...reads.refused].flatMap(([kind, said]) => (unseen.includes(said) ? [kind] : [])),
    ...(mounts.some(({ kind }) => kind === 'Secret') ? ['Secret'] : []),
  ]
  if (unread.length > 0 || unseen !== '') return { decision: null, unread: unread.toSorted() }
  const observation = { ...found, settings: { ...settings, metricsServers: namedServers(found) } }
  return { decision: decisionView(observation, decide(observation, now)), unread: [] }
}

/**
 * Whether the controller runs with --track-configs=false: its status knows the template of the target, and nothing that it mounts. A
 * template that the status does not know yet says nothing of the flag.
 */
function isUntracked({ status }: KubeObject, { target }: Observation, now: Instant): boolean {
  if (target === null || at(status, 'trackedConfigs') !== undefined) return false
  const { state } = readStatus(recordOf(status), now)
  const known = [candidateOf(state), promotedOf(state), 'rejected' in state ? state.rejected : null]
  return known.some(one => one !== null && templateOf(one) === templateOf(target.revision))
}

/** All that the Canary and its templates name, after that of the flag. */
function namedServers({ canary, templates }: Observation): string[] {
  const addresses = Object.values(templates).map(({ spec }) => textOf(at(spec, 'provider', 'address')))
  const own = canary.spec.metricsServer ?? ''
  return [defaultFlags().metricsServer, ...[own, ...addresses].filter(url => url !== '')]
}
