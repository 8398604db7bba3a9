/** Lists: pages, selectors, versions. */
import type { KubeObject } from '../../../../../src/api/object.ts'
import type { Case, Talk } from '../case.ts'
import { canary, config, only, pod, service } from '../given.ts'

const encoded = encodeURIComponent
const names = { only: (body: unknown) => namesOf(body) }

function namesOf(body: unknown): unknown {
  const { metadata, items } = body as { metadata: Record<string, unknown>; items?: { metadata: { name: string } }[] }
  const { remainingItemCount: left, continue: token } = metadata
  return { names: items?.map(one => one.metadata.name), left, more: token !== undefined && token !== '' }
}

/** Ready for a query. */
function tokenOf({ metadata }: KubeObject): string {
  return encoded(String((metadata as { continue?: string }).continue))
}

const labelled: Readonly<Record<string, Record<string, string>>> = {
  a: { app: 'web', tier: 'front' },
  b: { app: 'web' },
  c: { app: 'api', tier: 'back' },
  d: {},
  e: { app: '', tier: 'front' },
}

async function fill({ given }: Talk): Promise<void> {
  for (const [name, labels] of Object.entries(labelled)) await given('POST configmaps', config(name, {}, { labels }))
}

const good = [
  'app=web',
  'app==web',
  'app!=web',
  'app in (web,api)',
  'app in (web)',
  'app notin (web,api)',
  'tier',
  '!tier',
  'app=web,tier',
  'app=web,!tier',
  'app=',
  ' app = web , tier = front ',
  'app in (web, api),tier notin (back)',
  'example.com/app=web',
  '',
]
const bad = [
  'app web',
  'app in web',
  'app in ()',
  'app in (web',
  '=web',
  'app=web=api',
  'app>web',
  '!app=web',
  'app,,tier',
  'not a key=x',
  'app=not!valid',
  `app=${'a'.repeat(64)}`,
  '-app',
  'a/b/c=d',
]

export const lists: readonly Case[] = [
  {
    name: 'a list in the order of names',
    run: async talk => {
      for (const name of ['c', 'a', 'b']) await talk.given('POST configmaps', config(name))
      await talk.ask('GET configmaps')
    },
  },
  {
    name: 'an empty list',
    run: async ({ ask }) => {
      await ask('GET configmaps')
      await ask('GET canaries')
    },
  },
  {
    name: 'a list of custom resources names the kind of each',
    run: async ({ ask, given }) => {
      await given('POST canaries', canary('web'))
      await ask('GET canaries')
    },
  },
  {
    name: 'a list in pages',
    run: async talk => {
      await fill(talk)
      const first = await talk.ask('GET configmaps?limit=2', undefined, names)
      const next = await talk.given(`GET configmaps?limit=2&continue=${tokenOf(first.object)}`)
      talk.note('the next page', namesOf(next))
      talk.note('the last page', namesOf(await talk.given(`GET configmaps?limit=2&continue=${tokenOf(next)}`)))
    },
  },
  {
    name: 'pages show one moment, whatever is written meanwhile',
    run: async talk => {
      await fill(talk)
      const first = await talk.given('GET configmaps?limit=2')
      await talk.given('DELETE configmaps/c')
      await talk.given('POST configmaps', config('bb'))
      await talk.given('PATCH configmaps/e', { data: { changed: 'yes' } }, { type: 'application/merge-patch+json' })
      const rest = await talk.given(`GET configmaps?limit=9&continue=${tokenOf(first)}`)
      talk.note('the rest', namesOf(rest))
      talk.note('of the same version', rest.metadata.resourceVersion === first.metadata.resourceVersion)
      talk.note('as they were', JSON.stringify(rest).includes('changed'))
    },
  },
  {
    name: 'a page with a selector does not say how many are left',
    run: async talk => {
      await fill(talk)
      await talk.ask('GET configmaps?limit=1&labelSelector=app', undefined, names)
      await talk.ask('GET configmaps?limit=1', undefined, names)
      await talk.ask('GET configmaps?limit=5', undefined, names)
      await talk.ask('GET configmaps?limit=0', undefined, names)
    },
  },
  {
    name: 'a page that cannot be is refused',
    run: async talk => {
      await fill(talk)
      await talk.ask('GET configmaps?limit=-1', undefined, names)
      await talk.ask('GET configmaps?limit=many')
      await talk.ask('GET configmaps?limit=2&continue=nonsense')
      await talk.ask('GET configmaps?limit=2&continue=x&resourceVersion=1')
    },
  },
  {
    name: 'a page whose version is gone is Expired, with a token to go on from',
    run: async talk => {
      await fill(talk)
      const first = await talk.given('GET configmaps?limit=2')
      await talk.given('DELETE configmaps/d')
      await talk.server.compact()
      // A real server may remember longer than etcd; so the token is made to speak of a moment that nobody remembers.
      const token = Buffer.from(decodeURIComponent(tokenOf(first)), 'base64url').toString()
      const old = Buffer.from(token.replace(String(first.metadata.resourceVersion), '2')).toString('base64url')
      const { code, object } = await talk.quietly(`GET configmaps?limit=2&continue=${encoded(old)}`)
      talk.note('the answer', { code, object })
      talk.note('from there', namesOf(await talk.given(`GET configmaps?limit=9&continue=${tokenOf(object)}`)))
    },
  },
  ...good.map(selector => ({
    name: `the selector ${JSON.stringify(selector)}`,
    run: async (talk: Talk) => {
      await fill(talk)
      await talk.ask(`GET configmaps?labelSelector=${encoded(selector)}`, undefined, names)
    },
  })),
  {
    name: 'bad selectors are refused',
    run: async ({ ask }) => {
      for (const selector of bad) await ask(`GET configmaps?labelSelector=${encoded(selector)}`)
    },
  },
  {
    name: 'a selector selects across namespaces, and for custom resources',
    run: async ({ ask, given, namespace }) => {
      await given('POST canaries', canary('a', {}, { labels: { only: namespace } }))
      await given('POST canaries', canary('b'))
      await ask(`GET /apis/sluice.dev/v1beta1/canaries?labelSelector=only%3D${namespace}`, undefined, names)
      await given('POST configmaps', config('c', {}, { labels: { only: namespace } }))
      await ask(`GET /api/v1/configmaps?labelSelector=only%3D${namespace}`, undefined, names)
    },
  },
  {
    name: 'fields that can be selected',
    run: async talk => {
      const { ask, given, namespace } = talk
      await fill(talk)
      for (const field of [
        'metadata.name=a',
        'metadata.name!=a',
        'metadata.name==b',
        `metadata.namespace=${namespace}`,
        'metadata.name=a,metadata.namespace=nowhere',
        '',
      ]) {
        await ask(`GET configmaps?fieldSelector=${encoded(field)}`, undefined, names)
      }
      await given('POST canaries', canary('web'))
      await ask('GET canaries?fieldSelector=metadata.name%3Dweb', undefined, names)
      await given('POST pods', pod('p'))
      await ask('GET pods?fieldSelector=spec.nodeName%3Delsewhere', undefined, names)
      await ask('GET pods?fieldSelector=status.phase%21%3DRunning', undefined, names)
      await given('POST secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })
      await ask('GET secrets?fieldSelector=type%3DOpaque', undefined, names)
    },
  },
  {
    name: 'fields that cannot be selected are refused',
    run: async ({ ask }) => {
      await ask('GET configmaps?fieldSelector=data.key%3Da')
      await ask('GET canaries?fieldSelector=spec.paused%3Dtrue')
      await ask('GET services?fieldSelector=spec.unheard%3Da')
      await ask('GET configmaps?fieldSelector=metadata.name')
      await ask('GET configmaps?fieldSelector=%3Da')
    },
  },
  {
    name: 'a list from a version',
    run: async ({ ask, given, note }) => {
      await given('POST configmaps', config('a'))
      const { metadata } = await given('GET configmaps')
      await given('POST configmaps', config('b'))
      const at = `resourceVersion=${metadata.resourceVersion}`
      note('exactly', namesOf(await given(`GET configmaps?${at}&resourceVersionMatch=Exact`)))
      note('not older', namesOf(await given(`GET configmaps?${at}&resourceVersionMatch=NotOlderThan`)))
      note('not older, if not said', namesOf(await given(`GET configmaps?${at}`)))
      note('with a limit: exactly', namesOf(await given(`GET configmaps?${at}&limit=5`)))
      await ask('GET configmaps?resourceVersion=0&resourceVersionMatch=NotOlderThan', undefined, names)
    },
  },
  {
    name: 'a version that cannot be is refused',
    run: async ({ ask }) => {
      await ask('GET configmaps?resourceVersion=abc')
      await ask('GET configmaps?resourceVersion=-1')
      await ask('GET configmaps?resourceVersionMatch=Exact')
      await ask('GET configmaps?resourceVersion=0&resourceVersionMatch=Exact')
      await ask('GET configmaps?resourceVersion=1&resourceVersionMatch=Nearly')
      await ask('GET configmaps?continue=abc&resourceVersion=1&resourceVersionMatch=Exact')
      await ask('GET configmaps?sendInitialEvents=true')
    },
  },
  {
    name: 'a version from the future is waited for, and then refused',
    run: async ({ ask }) => {
      await ask('GET configmaps?resourceVersion=999999999&resourceVersionMatch=NotOlderThan')
    },
  },
  {
    name: 'a version of long ago is gone',
    run: async ({ ask, given, server }) => {
      await given('POST configmaps', config('a'))
      await server.compact()
      await ask('GET configmaps?resourceVersion=1&resourceVersionMatch=Exact')
      await ask('GET configmaps?resourceVersion=1&resourceVersionMatch=NotOlderThan', undefined, names)
      await ask('GET configmaps/a?resourceVersion=1', undefined, only('metadata', 'name'))
    },
  },
  {
    name: 'a list in all namespaces has all of them',
    run: async ({ given, note, namespace }) => {
      await given('POST services', service('web'))
      const list = await given('GET /api/v1/services')
      const items = list['items'] as { metadata: { name: string; namespace: string } }[]
      note(
        'ours',
        items.filter(({ metadata }) => metadata.namespace === namespace).map(({ metadata }) => metadata.name),
      )
    },
  },
]
