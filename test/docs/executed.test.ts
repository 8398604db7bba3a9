/** Blocks of shell in the guides: an end-to-end test runs each of them, or a mark says why it cannot. */
import { expect } from 'chai'
import { fenced, pages, read } from './pages.ts'

/** Pages all of whose commands are run, and the end-to-end test that does it. */
const executed = {
  'docs/argo-cd.md': 'behaviour/argocd',
  'docs/flux.md': 'behaviour/flux',
  'docs/helm.md': 'alone/helm',
  'docs/from-argo-rollouts.md': 'behaviour/guides',
  'docs/from-a-virtualservice.md': 'behaviour/guides',
  'docs/zero-downtime.md': 'behaviour/guides',
} as const

const shellOf = (page: string) => fenced(read(page)).filter(({ language }) => language === 'sh')

suite('Commands of the guides', () => {
  for (const [page, file] of Object.entries(executed)) {
    test(`of ${page} are run by e2e/tests/${file}`, () => {
      expect(shellOf(page)).to.not.deep.equal([])
      expect(read(`e2e/tests/${file}.test.ts`).text).to.include(page.replace('docs/', ''))
    })
  }

  test('of argo-cd.md and flux.md are one block each, which is all that their tests run', () => {
    for (const page of ['docs/argo-cd.md', 'docs/flux.md']) expect(shellOf(page), page).to.have.lengthOf(1)
  })

  test('that need a registry, a UI or more than the lab has are marked with the reason, and are three at most', () => {
    const marked = pages().flatMap(({ path }) => {
      return fenced(read(path)).flatMap(({ mark }) => (mark === undefined ? [] : [`${path}: ${mark}`]))
    })
    expect(marked).to.deep.equal([
      'README.md: needs a registry of images',
      'docs/helm.md: needs pods that end by themselves; what the pod does is run',
    ])
  })
})
