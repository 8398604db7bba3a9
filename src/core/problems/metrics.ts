/** What the metrics of a Canary ask: can it be asked, may it be, and does it mean what was meant. */
import { builtInOf, limitProblem } from '../../api/metric.ts'
import type { MetricTemplate } from '../../api/templates.ts'
import { entryOf } from '../json.ts'
import { type AskedMetric, askedMetrics, metricsOf } from '../analysis/trials.ts'
import { problemOfText } from '../analysis/templates.ts'
import type { Observation } from '../model/observation.ts'
import type { ReadyProblem } from '../model/ready-problem.ts'
import { called, calledHere, type FindProblem, listedInWords, type Problem, problem } from './problem.ts'

export const metricTemplateMissing: FindProblem = o => {
  for (const { path, metric } of metricsOf(o)) {
    const reference = metric.templateRef
    if (reference === undefined) continue
    if (reference.namespace !== undefined && reference.namespace !== o.names.namespace) {
      return problem(
        'Invalid',
        `${path}.templateRef names a MetricTemplate of namespace ${reference.namespace}; a Canary refers to its own namespace only. Copy ${reference.name} to ${o.names.namespace} and remove the field.`,
      )
    }
    const unreadable = entryOf(o.unreadableTemplates, reference.name)
    if (unreadable !== undefined) {
      const named = calledHere(o, 'MetricTemplate', reference.name)
      return problem(
        'ReferenceMissing',
        `${path}.templateRef names ${named}, which is refused: ${unreadable.join('; ')}`,
      )
    }
    if (entryOf(o.templates, reference.name) === undefined) {
      const named = calledHere(o, 'MetricTemplate', reference.name)
      return problem(
        'ReferenceMissing',
        `${path}.templateRef names ${named}, which does not exist. Create it or remove the metric.`,
      )
    }
  }
  return null
}

/** A query with an unknown variable could not be sent, and the canary would wait for its answer for ever. */
export const queryThatCannotBeFilledIn: FindProblem = o => {
  const wrong = askedMetrics(o).find(({ rendered }) => 'problem' in rendered)
  return wrong === undefined || 'query' in wrong.rendered ? null : ofQuery(o, wrong, 'be asked', wrong.rendered.problem)
}

/**
 * A query whose credentials are missing, that the metrics server refuses, or whose answer is no single number, by the trial of it
 * (see trials.ts).
 */
export const queryThatCannotWork: FindProblem = o => {
  for (const asked of askedMetrics(o)) {
    const finding = entryOf(o.findings, asked.id)
    if (finding?.kind === 'not-asked') return ofQuery(o, asked, 'be asked', finding.error)
    if (finding?.kind === 'refused') return ofQuery(o, asked, 'work', finding.error)
  }
  return null
}

/** A problem of one query, in the Canary or in the MetricTemplate that it names. */
function ofQuery(o: Observation, { path, metric }: AskedMetric, what: string, because: string): Problem {
  const template = metric.templateRef === undefined ? undefined : entryOf(o.templates, metric.templateRef.name)
  return template === undefined
    ? problem('Invalid', `${path}.query cannot ${what}: ${because}`)
    : problem('ReferenceMissing', `${path} cannot ask the query of ${called(template)}: ${because}`)
}

/** Admission refuses these limits; one that is older than its rule would promote what fails. */
export const limitInAnotherUnit: FindProblem = o => {
  for (const { path, metric } of metricsOf(o)) {
    const said = limitProblem(metric)
    if (said !== undefined) return problem('Invalid', `${path}: ${said}`)
  }
  return null
}

/** A limit in seconds, most likely: no service answers 99 % of its requests within 10 ms and is worth a release step by step. */
const SHORTEST_DURATION = 10

export const durationInSeconds: FindProblem = o => {
  for (const { path, metric } of metricsOf(o)) {
    const { max } = metric.thresholdRange
    if (builtInOf(metric) !== 'request-duration' || max === undefined || max > SHORTEST_DURATION) continue
    return problem(
      'Invalid',
      `${path}: request-duration is in milliseconds, so a release fails as soon as its 99th percentile is above ${max} ms. If seconds were meant, write ${max * 1000}.`,
    )
  }
  return null
}

/** A query reads whatever the metrics server lets the controller read, so who runs Sluice may keep it from those who write Canaries. */
export const inlineQueryNotAllowed: FindProblem = o => {
  if (o.settings.inlineQueries) return null
  const inline = metricsOf(o).find(({ metric }) => metric.query !== undefined)
  return inline === undefined
    ? null
    : problem(
        'Invalid',
        `${inline.path}.query is not allowed: the controller runs with --allow-inline-queries=false. Write templateRef with the name of a MetricTemplate.`,
      )
}

/** Which server a Canary makes us send requests to is for who runs Sluice to say. */
export const metricsServerNotAllowed: FindProblem = o => {
  const own = o.canary.spec.metricsServer
  const servers = [
    ...(own === undefined ? [] : [{ where: 'spec.metricsServer', url: own }]),
    ...metricsOf(o).flatMap(({ metric }) => {
      const template = metric.templateRef === undefined ? undefined : entryOf(o.templates, metric.templateRef.name)
      const url = template?.spec.provider.address
      return template === undefined || url === undefined
        ? []
        : [{ where: `${called(template)} spec.provider.address`, url }]
    }),
  ]
  for (const { where, url } of servers) {
    const said = problemOfServer(where, url, o.settings)
    if (said !== null) return problem('MetricsServerNotAllowed', said)
  }
  return null
}

/** Why a metrics server that a user wrote is not queried, or null. */
function problemOfServer(where: string, url: string, { metricsServers }: ServerSettings): string | null {
  if (!/^https?:\/\/[^/\s]+/.test(url)) {
    return `${where} is ${shownServer(url)}, which is no URL. Write one such as http://prometheus.monitoring:9090.`
  }
  const allowed = metricsServers.map(shownServer)
  return allowed.includes(shownServer(url))
    ? null
    : `${where} is ${shownServer(url)}, which is not on the controller's list of metrics servers. Write one of ${listedInWords(allowed)}, or have it added with --allowed-metrics-server.`
}

type ServerSettings = Pick<Observation['settings'], 'metricsServers'>

/** What is wrong with a MetricTemplate whatever Canary names it, without its Secrets; null: nothing. */
export function problemOfTemplate({ spec }: MetricTemplate, settings: ServerSettings): ReadyProblem | null {
  const { address } = spec.provider
  const ofServer = address === undefined ? null : problemOfServer('spec.provider.address', address, settings)
  if (ofServer !== null) return { reason: 'MetricsServerNotAllowed', message: ofServer }
  const ofText = problemOfText(spec.query)
  return ofText === null ? null : { reason: 'Invalid', message: `spec.query cannot be asked: ${ofText}` }
}

/** Whether a certificate is trusted says nothing where there is none. */
export const trustOfServerWithoutTls: FindProblem = o => {
  for (const { metric, server, access } of askedMetrics(o)) {
    const template = metric.templateRef === undefined ? undefined : entryOf(o.templates, metric.templateRef.name)
    const field = access?.insecureSkipVerify === true ? 'insecureSkipVerify' : 'caSecretRef'
    if (template === undefined || access?.[field] === undefined) continue
    const url = shownServer(server ?? o.settings.metricsServers[0] ?? '')
    if (!url.startsWith('http:')) continue
    return problem(
      'ReferenceMissing',
      `${called(template)} spec.provider.${field} means nothing: ${url} has no certificate. Remove it, or write the address of a server of https.`,
    )
  }
  return null
}

/** A URL as it is compared, and said: without a slash at the end, and without the user and password that a flag may hold. */
export const shownServer = (url: string): string => url.replace(/\/\/[^/@]*@/, '//').replace(/\/+$/, '')
