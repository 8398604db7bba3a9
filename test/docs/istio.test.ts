/** docs/istio.md against the program: injection as it is read, and what is written. Its other tables are generated. */
import { expect } from 'chai'
import { istioPage } from '../../scripts/istio-tables.ts'
import { FIELD_MANAGER } from '../../src/core/model/write.ts'
import { injectedBy, refusesProxy } from '../../src/core/routers/istio/mesh/injection.ts'
import { read } from './pages.ts'

const { text } = read('docs/istio.md')

const labelsIn = (cell: string): Record<string, string> =>
  Object.fromEntries([...cell.matchAll(/`([^:`]+): ([^`]+)`/g)].map(([, key = '', value = '']) => [key, value]))

suite('The page of Istio', () => {
  test('has the tables of providers and kinds as they are (npm run generate writes them anew)', () => {
    expect(istioPage().text).to.equal(text)
  })

  test('says which labels make a proxy expected', () => {
    const [, after = ''] = text.split('| a proxy is expected |\n')
    const [table = ''] = after.split('\n\n')
    const rows = table.split('\n').slice(1)
    expect(rows).to.have.length.greaterThan(4)
    for (const row of rows) {
      const [, namespace = '', pod = '', said = ''] = row.split('|').map(cell => cell.trim())
      const labels = labelsIn(pod)
      const isWanted = injectedBy({ labels, namespaceLabels: labelsIn(namespace) }) !== null
      expect(isWanted && !refusesProxy({ metadata: { labels } }) ? 'yes' : 'no', row).to.equal(said)
    }
  })

  test('names the field manager', () => {
    expect(text).to.include(`field manager \`${FIELD_MANAGER}\``)
  })
})
