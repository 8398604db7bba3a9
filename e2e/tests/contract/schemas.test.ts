/**
 * What the embedded API server knows about kinds is what the real one says of them, and what Istio and the Gateway API
 * install. `npm run schemas` writes it anew, after another version of any of them.
 */
import { expect } from 'chai'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../../playground/json.ts'
import { builtInKinds, customKinds, inLines, isOfGatewayApi } from '../../fixtures/schemas.ts'
import { findBinaries } from '../../lab/binaries.ts'
import { lab } from '../../lab/lab.ts'

const folder = new URL('../../../playground/data/', import.meta.url)

suite('The schemas of the embedded API server', () => {
  const made = new Map<string, string>()
  suiteSetup(async () => {
    const { api } = await lab()
    const { istioCrds } = findBinaries(process.env)
    const gatewayCrds = readFileSync(join(istioCrds, '..', 'gateway-api.yaml'), 'utf8')
    const get = async (path: string): Promise<Json> => JSON.parse(await api.text('GET', path)) as Json
    made.set('kubernetes.json', inLines(await builtInKinds(get)))
    made.set('istio.json', inLines(customKinds(readFileSync(istioCrds, 'utf8'))))
    made.set('gateway-api.json', inLines(customKinds(gatewayCrds, isOfGatewayApi)))
    if (process.env['SCHEMAS'] !== 'write') return
    for (const [name, text] of made) writeFileSync(new URL(name, folder), text)
  })

  for (const name of ['kubernetes.json', 'istio.json', 'gateway-api.json']) {
    test(`${name} is as its source has it`, () => {
      expect(readFileSync(new URL(name, folder), 'utf8')).to.equal(made.get(name))
    })
  }
})
