/** The chart and the release, as far as no Helm and no runner is needed: e2e/tests/contract/chart has the rest. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { chartPages } from '../../scripts/chart/chart.ts'
import { samples } from '../../e2e/fixtures/chart-values.ts'
import { dashboardOptions, LEFT_OUT, runOptions } from '../../scripts/chart/flags.ts'
import { at, recordsOf, textOf } from '../../src/core/json.ts'
import { read, root } from './pages.ts'

suite('The chart', () => {
  test('has no template whose manifest is gone', () => {
    const byHand = [
      'NOTES.txt',
      'networkpolicy.yaml',
      'podmonitor.yaml',
      'servicemonitor.yaml',
      'tests/check.yaml',
      'validate.yaml',
    ]
    const folder = 'charts/sluice/templates'
    const generated = chartPages().flatMap(({ path }) =>
      path.startsWith(folder) ? [path.slice(folder.length + 1)] : [],
    )
    const present = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1))
    expect(present).to.have.members([...byHand, ...generated])
  })

  test('has every flag of the controller but those that docs/helm.md names', () => {
    const [, named = ''] = /^(.*) are no values/m.exec(read('docs/helm.md').text) ?? []
    const flags = [...named.matchAll(/`--([a-z-]+)`/g)].map(([, flag = '']) =>
      flag.replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase()),
    )
    // A pod has the account that is mounted.
    expect(LEFT_OUT.run).to.have.members(['kubeconfig', 'context', ...flags])
    const tried = [...runOptions(), ...dashboardOptions()].map(option => option.attributeName())
    expect(tried.filter(name => !(name in samples))).to.deep.equal([], 'e2e/tests/contract/chart tries each')
  })
})

suite('The image', () => {
  test('copies nothing that .dockerignore keeps out of its context', () => {
    const copied = [...read('Dockerfile').text.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, from = '']) =>
      from.split(' '),
    )
    const kept = [...read('.dockerignore').text.matchAll(/^!(\S+)$/gm)].map(([, path = '']) => path)
    expect(copied).to.have.length.greaterThan(5)
    expect(kept).to.have.members(copied)
  })
})

suite('The release', () => {
  const workflow: unknown = parse(read('.github/workflows/release.yaml').text)
  const jobs = Object.values(at(workflow, 'jobs') as Record<string, unknown>)
  const steps = jobs.flatMap(job => recordsOf(at(job, 'steps')))
  const scripts = steps.map(step => textOf(step['run'])).filter(script => script !== '')

  test('has steps that bash can read', () => {
    const broken = scripts.filter(script => spawnSync('bash', ['-n'], { input: script }).status !== 0)
    expect(scripts).to.have.length.greaterThan(5)
    expect(broken).to.deep.equal([])
  })

  test('gives each job the rights that it needs, and none to all', () => {
    expect(at(workflow, 'permissions')).to.deep.equal({})
    expect(jobs.filter(job => at(job, 'permissions', 'contents') === undefined)).to.deep.equal([])
  })

  test('refuses a tag that is not the version, in a sentence', () => {
    const script = scripts.find(text => text.includes('package.json')) ?? ''
    const env = { PATH: process.env['PATH'], TAG: 'v99.0.0', GITHUB_OUTPUT: '/dev/null' }
    const { status, stdout } = spawnSync('bash', ['-e'], { input: script, cwd: root, env, encoding: 'utf8' })
    expect(status).to.equal(1)
    expect(stdout).to.match(/^::error::tag v99\.0\.0, but package\.json has \d/)
  })

  test('refuses a version whose objects are not recorded, in a sentence', () => {
    const script = scripts.find(text => text.includes('package.json')) ?? ''
    const without = script.replaceAll('test/recorded/', 'test/recorded/none/')
    const { version } = JSON.parse(read('package.json').text) as { version: string }
    const env = { PATH: process.env['PATH'], TAG: `v${version}`, GITHUB_OUTPUT: '/dev/null' }
    // A changelog in which the version is released already.
    const changelog = without.replaceAll('CHANGELOG.md', '<(echo "## [$version]")')
    const { status, stdout } = spawnSync('bash', ['-e'], { input: changelog, cwd: root, env, encoding: 'utf8' })
    expect(status).to.equal(1)
    expect(stdout).to.match(/^::error::test\/recorded\/none\/[\d.]+ is missing: npm run record:objects writes it/)
  })

  test('refuses a base without a digest', () => {
    const script = scripts.find(text => text.includes('image-bases.env')) ?? ''
    const file = '.github/image-bases.env'
    const pinned = read(file).text.replaceAll(/^(\w+=[^@\n]+)(@.*)?$/gm, `$1@sha256:${'0a'.repeat(32)}`)
    const statusWith = (bases: string): number | null => {
      const given = script.replaceAll(file, '<(echo "$bases")')
      return spawnSync('bash', ['-ec', `bases=$(cat); ${given}`], {
        input: bases,
        env: { PATH: process.env['PATH'], GITHUB_ENV: '/dev/null' },
      }).status
    }
    expect(statusWith(pinned)).to.equal(0)
    expect(statusWith(pinned.replace(/@sha256.*$/m, ''))).to.equal(1)
  })
})
