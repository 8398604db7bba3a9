/** What the spec says that ingress-nginx has no words for, beyond what admission refuses. */
import { builtInOf } from '../../../../api/metric.ts'
import { metricsOf } from '../../../analysis/trials.ts'
import { type FindProblem, problem } from '../../../problems/problem.ts'
import { misfitOf } from '../matches.ts'

export const matchThatDoesNotFit: FindProblem = ({ canary }) => {
  const misfit = misfitOf(canary.spec.analysis.match ?? [])
  return misfit === null ? null : problem('Invalid', `spec.analysis.match${misfit.at} ${misfit.because}.`)
}

export const mutualTlsUntold: FindProblem = o => {
  const asked = metricsOf(o).find(({ metric }) => builtInOf(metric) === 'mutual-tls-rate')
  return asked === undefined
    ? null
    : problem(
        'Invalid',
        `${asked.path} is mutual-tls-rate, and ingress-nginx, which reports the requests of this Canary, does not know it. Remove the metric: the rate would be without data.`,
      )
}
