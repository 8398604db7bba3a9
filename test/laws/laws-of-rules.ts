/** Laws of DestinationRules, as onlookers. */
import { Broken, type Law } from './laws.ts'
import { hostsReached, tlsTo } from './tiny-mesh.ts'

/** Whatever host the routes name, the policy that covered the Service covers it. With subsets rules are the user's own. */
export const whatCoveredTheServiceCoversBothSides: Law = ({ setup }) => ({
  changed({ world }) {
    if (setup.covered === 'by nothing' || setup.split.endsWith('subsets')) return
    const bare = hostsReached(world).find(host => tlsTo(world, host) !== 'DISABLE')
    if (bare !== undefined) throw new Broken(`requests to ${bare} have lost the policy of the wildcard rule`)
  },
})
