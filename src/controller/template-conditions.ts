/** The condition `Ready` of MetricTemplates, by the same rules by which a Canary that names one is Stalled. */
import type { Access } from '../api/credentials.ts'
import { kinds, type KubeObject } from '../api/object.ts'
import { at, recordsOf, sameJson } from '../core/json.ts'
import type { Settings } from '../core/model/observation.ts'
import type { ReadyProblem } from '../core/model/ready-problem.ts'
import type { AccessReader, MetricSource } from '../core/ports.ts'
import { problemOfTemplate } from '../core/problems/metrics.ts'
import { readMetricTemplate } from './metric-templates.ts'
import { ReadyConditions, type ReadyConditionPorts } from './ready-conditions.ts'

export interface TemplateConditionPorts extends ReadyConditionPorts {
  readonly access: AccessReader
  readonly settings: Pick<Settings, 'metricsServers'>
}

export class TemplateConditions extends ReadyConditions {
  readonly #cache: TemplateConditionPorts['cache']

  constructor({ access, settings, ...ports }: TemplateConditionPorts) {
    const problemOf = async (object: KubeObject, signal: AbortSignal): Promise<ReadyProblem | null> => {
      const read = readMetricTemplate(object)
      if ('problems' in read) return { reason: 'Invalid', message: read.problems.join('; ') }
      const problem = problemOfTemplate(read.template, settings)
      const own = read.template.spec.provider.access
      if (problem !== null || own === null) return problem
      return access.problemOf(own, object.metadata.namespace ?? '', signal)
    }
    super({ kind: kinds.MetricTemplate, problemOf, ready: 'The query could be asked as it is' }, ports)
    this.#cache = ports.cache
  }

  /** The same source; the answers of a query tell that Secrets are missing, or are there, when nothing else tells of them. */
  watching(source: MetricSource): MetricSource {
    return {
      measure: async (checks, signal) => {
        const answers = await source.measure(checks, signal)
        for (const { id, access, subject } of checks) {
          const isMissing = answers.get(id)?.kind === 'not-asked'
          if (access !== undefined) this.#evaluateWith(access, subject.namespace, isMissing)
        }
        return answers
      },
    }
  }

  /** Those with this access whose condition says another thing of their Secrets. */
  #evaluateWith(access: Access, namespace: string, isMissing: boolean): void {
    for (const object of this.#cache.list(kinds.MetricTemplate)) {
      if (object.metadata.namespace !== namespace || saysMissing(object) === isMissing) continue
      const read = readMetricTemplate(object)
      const own = 'template' in read ? read.template.spec.provider.access : null
      if (own !== null && sameJson(own, access)) this.evaluate(namespace, object.metadata.name)
    }
  }
}

const saysMissing = (object: KubeObject): boolean =>
  recordsOf(at(object['status'], 'conditions')).some(
    ({ type, reason }) => type === 'Ready' && (reason === 'SecretNotUsable' || reason === 'SecretNotReadable'),
  )
