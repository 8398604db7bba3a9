/** What ingress-nginx tells of the two sides. It is the only vantage point: requests inside of the cluster do not pass it. */
import type { Telemetry } from '../provider.ts'
import { disconnects, errors, latency, requests, requestsWithin, surelyReceived, untold } from './promql.ts'
import { pathsPastSplit } from './surroundings.ts'

/** What is never asked, or never found: there is nothing before nginx that could lose a request, and no mesh. */
const none = (): string => 'vector(0)'

/** By Service, of which the query makes the name that ingress-nginx gives to a backend. */
const sides: Telemetry['sides'] = ({ names }) => ({
  hosts: [],
  canaryCallers: { services: [names.canaryService.name] },
  primaryCallers: { services: [names.apexService.name] },
})

export const telemetry: Telemetry = {
  vantage: o => ({ ...sides(o), vantage: 'source', strangers: [] }),
  sides,
  questions: {
    requests: (scene, window) => requests(scene, window, 'canary'),
    errors,
    untold,
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
  pastWaypoint: () => null,
  lostSentence: ({ names }) => `requests to ${names.apexService.name} reach no Service`,
  splitsAll: o => pathsPastSplit(o).length === 0,
  tellsSplit: o => pathsPastSplit(o).length === 0,
}
