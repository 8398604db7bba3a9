/** What people are warned of when an alert leads to a Git server, as a table: annotation → sentence. */
import { expect } from 'chai'
import { parseAlertProvider } from '../../../src/api/alert-provider.ts'
import { commitNotTold } from '../../../src/core/problems/alerts.ts'
import { at, resting, web } from '../machine/given.ts'

const sha = '0123456789abcdef0123456789abcdef01234567'
const where = 'Alert git, spec.analysis.alerts[0] is not sent: '
const form = 'github|gitlab|gitea/<owner>/<repository>@<40 hexadecimal digits>'

function warning(annotation: string | null, spec: Record<string, unknown>): string | null {
  const metadata = { name: 'git', namespace: 'shop' }
  const provider = parseAlertProvider({ apiVersion: 'sluice.dev/v1beta1', kind: 'AlertProvider', metadata, spec })
  const alerts = [{ name: 'git', providerRef: { name: 'git' } }]
  const annotations = annotation === null ? {} : { 'sluice.dev/commit': annotation }
  const canary = web({ analysis: { interval: '10s', alerts } }, annotations)
  return commitNotTold(at(resting(), { canary, alertProviders: { git: provider } }))?.message ?? null
}

suite('An alert that leads to a Git server', () => {
  const github = { type: 'github', secretRef: { name: 'git' }, repos: ['shop/web'] }
  const rows: Readonly<
    Record<string, readonly [annotation: string | null, spec: Record<string, unknown>, sentence: string | null]>
  > = {
    'a commit of an allowed repository': [`github/shop/web@${sha}`, github, null],
    'no annotation, for a chat': [null, { type: 'rocket', address: 'https://chat.test/x' }, null],
    'no annotation': [
      null,
      github,
      `${where}the Canary has no annotation sluice.dev/commit. Write it there as ${form}.`,
    ],
    'an annotation that is too long': [
      `gitlab/${'g/'.repeat(250)}web@${sha}`,
      github,
      `${where}annotation sluice.dev/commit is longer than 512 characters. Write ${form}.`,
    ],
    'an annotation that names no commit': [
      'v1.1.0',
      github,
      `${where}annotation sluice.dev/commit is "v1.1.0", which names no commit. Write ${form}.`,
    ],
    'a commit of another server': [
      `gitlab/shop/web@${sha}`,
      github,
      `${where}annotation sluice.dev/commit is "gitlab/shop/web@${sha}", and AlertProvider shop/git is of type github. Let the alert name an AlertProvider of type gitlab, or write a commit of github.`,
    ],
    'a repository that is not allowed': [
      `github/shop/other@${sha}`,
      github,
      `${where}repository shop/other is not allowed by spec.repos of AlertProvider shop/git. Add it there, or write another commit into annotation sluice.dev/commit.`,
    ],
  }
  for (const [name, [annotation, spec, sentence]] of Object.entries(rows)) {
    test(name, () => expect(warning(annotation, spec)).to.equal(sentence))
  }
})
