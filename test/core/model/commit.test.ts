/** Which texts name a commit of Git, and which repositories are allowed. */
import { expect } from 'chai'
import { gitCommitOf, isAllowedRepo } from '../../../src/core/model/commit.ts'

const sha = '0123456789abcdef0123456789abcdef01234567'

suite('The commit that an annotation names', () => {
  const rows: Readonly<Record<string, string | null>> = {
    [`github/shop/web@${sha}`]: 'shop/web',
    [`gitea/shop/web.js@${sha.toUpperCase()}`]: 'shop/web.js',
    [`gitlab/shop/teams/one/web@${sha}`]: 'shop/teams/one/web',
    [`github/shop/teams/web@${sha}`]: null,
    [`github/web@${sha}`]: null,
    [`bitbucket/shop/web@${sha}`]: null,
    [`github/shop/web@${sha.slice(1)}`]: null,
    [`github/shop/web@${sha}0`]: null,
    'github/shop/web@main': null,
    'v1.2.3': null,
    [`github/shop/..@${sha}`]: null,
    [`gitlab/shop/../web@${sha}`]: null,
    [`gitlab/./shop/web@${sha}`]: null,
    [`github/shop//web@${sha}`]: null,
    [`github/shop/web%2f@${sha}`]: null,
    [`github/shop/web?x@${sha}`]: null,
    [` github/shop/web@${sha}`]: null,
  }
  for (const [text, repo] of Object.entries(rows)) {
    test(`${text} names ${repo ?? 'none'}`, () => {
      const commit = gitCommitOf(text)
      expect(commit?.repo ?? null).to.equal(repo)
      if (commit !== null) expect(commit.sha).to.equal(sha)
    })
  }

  test('is of a repository that is allowed, whatever its case', () => {
    const allowed = (...repos: string[]): boolean => isAllowedRepo(repos, 'Shop/Web')
    expect(allowed('shop/web')).to.equal(true)
    expect(allowed('other/x', 'SHOP/*')).to.equal(true)
    expect(allowed('shop/web2', 'sho/*', 'shop/we')).to.equal(false)
    expect(isAllowedRepo(['shop/*'], 'shop/teams/web')).to.equal(true)
    expect(isAllowedRepo(['shop/*'], 'shopping/web')).to.equal(false)
  })
})
