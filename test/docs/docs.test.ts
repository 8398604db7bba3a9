/** The documentation against the program: examples parse, links lead somewhere, tables are complete. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Command } from 'commander'
import { parseAllDocuments } from 'yaml'
import { eventsPage } from '../../scripts/events.ts'
import { parityPage } from '../../scripts/parity.ts'
import { parseAlertProvider } from '../../src/api/alert-provider.ts'
import { ALERT_NAMES } from '../../src/api/alert-template.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { PHASES } from '../../src/api/status.ts'
import { parseMetricTemplate } from '../../src/api/templates.ts'
import { dashboardCommand } from '../../src/cli/dashboard.ts'
import { runCommand } from '../../src/cli/flags.ts'
import { isStalling, type Reason, reasons } from '../../src/core/status/reasons.ts'
import { anchors, blocks, internalLinks, pages, read, root } from './pages.ts'

/** Objects of ours in the examples, each with the page that shows it. */
function examples(kind: string): { path: string; object: KubeObject }[] {
  return pages().flatMap(page =>
    blocks(page, 'yaml')
      .flatMap(block => parseAllDocuments(block))
      .map(document => document.toJS() as KubeObject)
      .filter(object => object.kind === kind && object.apiVersion === 'sluice.dev/v1beta1')
      .map(object => ({ path: page.path, object })),
  )
}

suite('The documentation', () => {
  test('shows Canaries that are accepted', () => {
    const shown = examples('Canary')
    const refused = shown.flatMap(({ path, object }) => {
      const parsed = parseCanary(object)
      return 'problems' in parsed ? parsed.problems.map(problem => `${path}: ${problem}`) : []
    })
    expect(refused).to.deep.equal([])
    expect(shown.map(({ path }) => path)).to.include.members(['README.md', 'docs/concepts.md'])
  })

  test('shows MetricTemplates that are accepted', () => {
    const shown = examples('MetricTemplate')
    const refused = shown.filter(({ object }) => 'problems' in parseMetricTemplate(object))
    expect(refused).to.deep.equal([])
    expect(shown).to.have.length.greaterThan(0)
  })

  test('shows AlertProviders that are accepted', () => {
    const shown = examples('AlertProvider')
    const refused = shown.filter(({ object }) => 'problems' in parseAlertProvider(object))
    expect(refused).to.deep.equal([])
    expect(shown).to.have.length.greaterThan(1)
  })

  test('names everything that a template of an alert may name', () => {
    const { text } = read('docs/alerts.md')
    expect(ALERT_NAMES.filter(name => !text.includes(`\`${name}\``))).to.deep.equal([])
  })

  test('says of every field of Flagger what becomes of it', () => {
    const { text } = read('docs/migrating-from-flagger.md')
    expect(text).to.not.match(/silent/i)
    expect(parityPage().text).to.equal(text)
  })

  test('shows YAML that is YAML', () => {
    const broken = pages().flatMap(page =>
      blocks(page, 'yaml').flatMap(block =>
        parseAllDocuments(block).flatMap(document => document.errors.map(error => `${page.path}: ${error.message}`)),
      ),
    )
    expect(broken).to.deep.equal([])
  })

  test("'s first Canary is for the Deployment beside it", () => {
    const [web] = blocks(read('README.md'), 'yaml').map(block => parseAllDocuments(block)[0]?.toJS() as KubeObject)
    const [canary] = examples('Canary').filter(({ path }) => path === 'README.md')
    const parsed = parseCanary(canary?.object as KubeObject)
    if ('problems' in parsed) throw new Error(parsed.problems.join())
    const { targetRef } = parsed.canary.spec
    expect([web?.apiVersion, web?.kind, web?.metadata.name, web?.metadata.namespace]).to.deep.equal([
      targetRef.apiVersion,
      targetRef.kind,
      targetRef.name,
      parsed.canary.metadata.namespace,
    ])
  })

  test('links to what exists', () => {
    const dead = pages().flatMap(page =>
      internalLinks(page)
        .filter(({ file, anchor }) => {
          if (!existsSync(join(root, file))) return true
          return anchor !== '' && !anchors(read(file)).includes(anchor)
        })
        .map(({ file, anchor }) => `${page.path} → ${file}#${anchor}`),
    )
    expect(dead).to.deep.equal([])
  })

  test('lists every reason and metric, as the tables have them (npm run generate writes it anew)', () => {
    const { path, text } = eventsPage()
    expect(read(path).text).to.equal(text)
  })

  test('says of every reason that stalls what to do, and of no other that it stalls', () => {
    const { text } = read('docs/troubleshooting.md')
    const [, section = ''] = text.split(/^## Stalled$/m)
    const [stalled = ''] = section.split(/^## /m)
    const described = [...stalled.matchAll(/^### (.*)$/gm)].flatMap(([, heading = '']) =>
      heading.split(', ').map(name => name.replaceAll('`', '')),
    )
    // It stalls only when it has lasted too long.
    const all = [...(Object.keys(reasons) as Reason[]).filter(isStalling), 'TargetNotReady']
    expect(described).to.have.members(all)
  })

  test('names reasons in troubleshooting.md that there are', () => {
    const others = ['Stalled', 'True', 'Canary', ...PHASES]
    const named = [...read('docs/troubleshooting.md').text.matchAll(/`([A-Z][a-z]+(?:[A-Z][a-z]+)*)`/g)]
    const unknown = named.flatMap(([, word = '']) => (word in reasons || others.includes(word) ? [] : [word]))
    expect(unknown).to.deep.equal([])
  })

  for (const [page, command] of [
    ['docs/operations.md', runCommand(new Command(), async () => {})],
    ['docs/dashboard.md', dashboardCommand(new Command(), async () => {})],
  ] as const) {
    test(`lists the flags of sluice ${command.name()}, all of them and no others`, () => {
      const flags = command.options.flatMap(option => option.long ?? [])
      const rows = read(page).text.match(/^\| `--.*$/gm) ?? []
      const listed = rows.flatMap(row =>
        [...(row.split('|')[1] ?? '').matchAll(/`(--[a-z-]+)`/g)].map(([, flag]) => flag),
      )
      expect(listed).to.have.members(flags)
    })
  }
})
