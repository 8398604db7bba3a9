import { expect } from 'chai'
import { checkCluster } from '../../src/controller/check-cluster.ts'
import { type Answer, json, serve, status, transportTo } from '../runtime/scripted-server.ts'

suite('the check before the start', () => {
  let ending: (() => Promise<void>)[] = []

  teardown(async () => {
    for (const end of ending) await end()
    ending = []
  })

  async function said(answer: Answer, stop: AbortSignal = new AbortController().signal): Promise<string | null> {
    const server = await serve(answer)
    const api = transportTo(server.url)
    ending.push(
      () => api.close(),
      () => server.close(),
    )
    const sentence = await checkCluster(api, 'URL', ['shop'], stop)
    return sentence
  }

  const forbidden = 'canaries.sluice.dev is forbidden: User "sluice" cannot list resource "canaries"'
  const rows: Record<string, [Answer, string | null]> = {
    'nothing when all is well': [json(200, { metadata: { resourceVersion: '1' }, items: [] }), null],
    'that the CRDs are missing': [
      status(404, 'NotFound', 'the server could not find the requested resource'),
      'The cluster at URL does not know canaries.sluice.dev: install the CRDs with `kubectl apply -k manifests` or `kubectl apply -f crds`.',
    ],
    'which CRD is missing': [
      (response, asked) =>
        (asked.path.endsWith('/canaries')
          ? json(200, { metadata: { resourceVersion: '1' }, items: [] })
          : status(404, 'NotFound', 'not found'))(response, asked),
      'The cluster at URL does not know metrictemplates.sluice.dev: install the CRDs with `kubectl apply -k manifests` or `kubectl apply -f crds`.',
    ],
    'which right is missing': [
      status(403, 'Forbidden', forbidden),
      `forbidden to list canaries.sluice.dev at URL: ${forbidden}. Apply manifests/rbac.yaml, and bind it to the user that runs Sluice.`,
    ],
    'that the credentials are not accepted': [
      status(401, 'Unauthorized', 'Unauthorized'),
      'The API server at URL does not accept our credentials: Unauthorized. Check --kubeconfig and --context.',
    ],
  }
  for (const [what, [answer, sentence]] of Object.entries(rows)) {
    test(`says ${what}`, async () => {
      expect(await said(answer)).to.equal(sentence)
    })
  }

  test('ends at once, with nothing to say, when the program is ended', async () => {
    const stop = new AbortController()
    const hanging: Answer = () => stop.abort()
    expect(await said(hanging, stop.signal)).to.equal(null)
  })
})
