/** Laws of the ports, as onlookers. */
import { Broken, type Law } from './laws.ts'
import { portsReached } from './tiny-mesh.ts'

/** Whatever side carries it, a request comes out at the port of the pods that the user's Service names for the port it was sent to. */
export const portsLeadWhereTheyLed: Law = () => ({
  changed({ world }) {
    const astray = portsReached(world).find(({ meant, met }) => met !== meant)
    if (astray !== undefined) throw new Broken(`requests come out at another port: ${JSON.stringify(astray)}`)
  },
})
