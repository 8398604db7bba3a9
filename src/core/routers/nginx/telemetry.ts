/** What ingress-nginx tells of the two sides. It is the only vantage point: requests inside of the cluster do not pass it. */
import type { Observation } from '../../model/observation.ts'
import { apexPorts } from '../../render/ports.ts'
import type { Telemetry, View } from '../provider.ts'
import { numberIn, pathsToApex, usersIngress } from './ingress.ts'
import { disconnects, errors, latency, requests, requestsWithin, surelyReceived } from './promql.ts'
import { pathsPastSplit } from './surroundings.ts'

/** What is never asked, or never found: there is nothing before nginx that could lose a request, and no mesh. */
const none = (): string => 'vector(0)'

export const telemetry: Telemetry = {
  vantage,
  questions: {
    requests: (scene, window) => requests(scene, window, 'canary'),
    errors,
    // What nginx could not get answered is among the errors.
    'caller-failures': none,
    disconnects: (scene, window) => disconnects(scene, window, 'canary'),
    'primary-requests': (scene, window) => requests(scene, window, 'primary'),
    'primary-disconnects': (scene, window) => disconnects(scene, window, 'primary'),
    latency,
    'mutual-tls': none,
    plaintext: none,
    resets: none,
  },
  primaryRequests: (scene, window, ago) => surelyReceived(scene, 'primary', window, ago),
  sent: (scene, side, window, strict) => (strict ? requestsWithin : requests)(scene, window, side),
  lost: none,
  lostSentence: ({ names }) => `requests to ${names.apexService.name} reach no Service`,
  splitsAll: o => pathsPastSplit(o).length === 0,
  tellsSplit: o => pathsPastSplit(o).length === 0,
}

function vantage(o: Observation): View {
  const { namespace, apexService, canaryService } = o.names
  const users = usersIngress(o)
  const ports = apexPorts(o)
  const led = users === undefined ? [] : pathsToApex(o, users).flatMap(({ port }) => numberIn(ports, port) ?? [])
  const numbers = led.length === 0 ? [o.canary.spec.service.port] : [...new Set(led)].toSorted((a, b) => a - b)
  return {
    vantage: 'source',
    hosts: [],
    strangers: [],
    canaryCallers: { services: numbers.map(number => `${namespace}-${canaryService.name}-${number}`) },
    primaryCallers: { services: [apexService.name] },
  }
}
