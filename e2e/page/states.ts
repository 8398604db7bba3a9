/** Every state of the page of which a picture is kept. */
import type { Page } from 'playwright-core'
import { answers, forCanary, noHistory, problem } from './answers.ts'
import { type CanaryState, detailOf, hostileView, manyRows, objects, viewIn } from './canaries.ts'
import { type Answers, mayAll } from './fake-server.ts'
import { rowOf } from '../../src/server/dashboard/rows.ts'

export interface PageState {
  readonly answers: Answers
  /** Of the address: `#/shop/web`. */
  readonly fragment: string
  /** A text that is there when the state is drawn. */
  readonly until: string
  /** What a person does before the picture. */
  readonly act?: (page: Page) => Promise<void>
}

const CANARY = '#/shop/web'

const list = (given: Partial<Answers>, until: string): PageState => ({ answers: answers(given), fragment: '', until })
const canary = (given: Partial<Answers>, until: string): PageState => ({
  answers: forCanary(viewIn('progressing'), given),
  fragment: CANARY,
  until,
})

const few = (['stalled', 'approval', 'failed', 'progressing', 'succeeded', 'new', 'blind', 'pods'] as const).map(
  (state, index) =>
    rowOf({
      ...viewIn(state),
      name: `${['web', 'cart', 'checkout', 'search'][index % 4]}`,
      namespace: index < 4 ? 'shop' : 'billing',
    }),
)

const cluster = { version: '0.1.0', mode: 'cluster', readOnly: false, signedIn: false } as const
const tokenCommand = 'kubectl create token NAME --duration 1h'

async function openDetails(page: Page): Promise<void> {
  for (const summary of await page.locator('.details > details > summary').all()) await summary.click()
  await page.getByText('6 equal lines').waitFor()
  await page.getByText('splits the traffic').waitFor()
  await page.getByText('x2x7k').waitFor()
  await page.getByText('(3 times)').waitFor()
}

const screens: Readonly<Record<string, PageState>> = {
  'sign-in': list({ about: { ...cluster, tokenCommand } }, 'This prints a token'),
  'token refused (401)': {
    ...list(
      {
        about: { ...cluster, tokenCommand },
        whoami: problem(
          'token-refused',
          'The API server does not accept the token, or no longer: it may have expired. Give another one',
        ),
      },
      'This prints a token',
    ),
    async act(page) {
      await page.getByLabel('Token', { exact: true }).fill('expired')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('does not accept the token').waitFor()
    },
  },
  'link used': {
    ...list(
      {
        about: { version: '0.1.0', mode: 'laptop', readOnly: false, signedIn: false, context: 'kind-shop' },
        session: problem('link-used', 'This link was used before, or is not of this `sluice dashboard`'),
      },
      'no longer good',
    ),
    fragment: '#link=used',
  },
  'API server away at the beginning': list(
    {
      whoami: problem(
        'api-server',
        'The API server could not be asked for who you are: connect ECONNREFUSED 10.96.0.1:443',
      ),
    },
    'your token is kept',
  ),
  'no namespace to list (403)': list(
    {
      whoami: {
        user: 'kim@example.com',
        groups: [],
        namespaces: {
          kind: 'unknown',
          sentence:
            'You may neither list Canaries of all namespaces nor namespaces. Name a namespace, or open the page with ?ns=NAME',
        },
      },
    },
    'No namespace to show',
  ),
  'list forbidden (403)': list(
    {
      stream: problem(
        'forbidden',
        'Canaries of namespace shop: canaries.sluice.dev is forbidden: User "kim@example.com" cannot list resource "canaries" in API group "sluice.dev" in the namespace "shop"',
      ),
    },
    'You may not list these canaries',
  ),
  'no CRD': list(
    {
      stream: problem(
        'not-installed',
        'The cluster has no CustomResourceDefinition canaries.sluice.dev: kubectl apply -k manifests installs it',
      ),
    },
    'Sluice is not installed',
  ),
  empty: list({ stream: [{ kind: 'list', items: [], more: 0 }] }, 'No canaries'),
  'list of all states': list({ stream: [{ kind: 'list', items: few, more: 0 }] }, 'checkout'),
  'API server away': list(
    {
      stream: [
        { kind: 'list', items: few, more: 0 },
        {
          kind: 'trouble',
          problem: problem('api-server', 'The API server is in trouble: it answered 503 to a request for Canaries'),
        },
      ],
    },
    'Releases go on without this page',
  ),
  'connection lost': {
    ...list({ stream: 'lost' }, 'Reading canaries'),
    async act(page) {
      await page.getByText('Trying again').first().waitFor()
    },
  },
  '500 rows': list({ stream: [{ kind: 'list', items: manyRows(500), more: 17 }] }, 'service-000'),
  'hostile list': list(
    { stream: [{ kind: 'list', items: [rowOf({ ...hostileView(), name: 'web' }), ...few.slice(1)], more: 0 }] },
    'onerror',
  ),
  'canary: hostile text': { answers: forCanary(hostileView()), fragment: CANARY, until: 'onerror' },
  'canary: none': canary({ stream: [{ kind: 'canary', canary: null }] }, 'There is no Canary web'),
  'canary: forbidden (403)': canary(
    { stream: problem('forbidden', 'Canary shop/web: canaries.sluice.dev "web" is forbidden') },
    'You may not see Canary web',
  ),
  'canary: no Prometheus from here': canary({ charts: noHistory }, 'No history'),
  'canary: read only': canary(
    {
      about: { version: '0.1.0', mode: 'cluster', readOnly: true, signedIn: true },
      stream: [
        { kind: 'canary', canary: detailOf(viewIn('progressing')) },
        { kind: 'rights', rights: { commands: [], whyNone: 'This server runs with --read-only' } },
      ],
    },
    'No commands',
  ),
  'canary: no right to command': canary(
    {
      stream: [
        { kind: 'canary', canary: detailOf({ ...viewIn('progressing'), unread: ['Pod', 'ControllerRevision'] }) },
        {
          kind: 'rights',
          rights: {
            commands: [],
            whyNone: 'You have no right to patch Canary web in namespace shop; ClusterRole sluice-canary-editor has it',
          },
        },
      ],
    },
    'No commands',
  ),
  'canary: API server away': canary(
    {
      stream: [
        { kind: 'canary', canary: detailOf(viewIn('progressing')) },
        { kind: 'rights', rights: mayAll },
        { kind: 'trouble', problem: problem('api-server', 'The API server is in trouble: it answered 503') },
      ],
    },
    'Releases go on without this page',
  ),
  'canary: details open': { ...canary({}, 'Steps'), act: openDetails },
  'canary: a command is confirmed': {
    ...canary({}, 'Steps'),
    async act(page) {
      await page.getByRole('button', { name: 'Abort' }).click()
      await page.getByText('The same in a terminal').click()
    },
  },
  'canary: a command is refused': {
    ...canary(
      { commands: problem('forbidden', 'Canary shop/web: admission webhook "freeze" denied the request') },
      'Steps',
    ),
    async act(page) {
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
      await page.getByText('Not sent').waitFor()
    },
  },
}

const ofCanaries = (Object.keys(objects) as CanaryState[]).map((state): [string, PageState] => [
  `canary ${state}`,
  { answers: forCanary(viewIn(state)), fragment: CANARY, until: 'Traffic and pods' },
])

export const states: Readonly<Record<string, PageState>> = { ...screens, ...Object.fromEntries(ofCanaries) }
