/** Watches: what is told, from when, and how they end. */
import type { KubeObject } from '../../../../../src/api/object.ts'
import type { Case, Talk, WatchedEvent } from '../case.ts'
import { canary, config, only, pod } from '../given.ts'

const merge = { type: 'application/merge-patch+json' }
/** Of an event: what happened to which object. */
const brief = { only: (event: unknown) => briefly(event as WatchedEvent) }

function briefly({ type, object }: WatchedEvent): unknown {
  if (object.kind === 'Status') return { type, object }
  const { name, labels, annotations } = object.metadata
  return { type, name, labels, annotations, data: object['data'] }
}

async function now({ given }: Talk): Promise<string> {
  return String((await given('GET configmaps')).metadata.resourceVersion)
}

const label = (value: string | null) => ({ metadata: { labels: { app: value } } })

export const watches: readonly Case[] = [
  {
    name: 'a watch from a version tells what came after it',
    run: async talk => {
      await talk.given('POST configmaps', config('before'))
      const watch = await talk.watch(`configmaps?watch=true&resourceVersion=${await now(talk)}`)
      await talk.given('POST configmaps', config('a'))
      await talk.given('PATCH configmaps/a', { data: { key: 'other' } }, merge)
      await talk.given('PATCH configmaps/a', { data: { key: 'other' } }, merge)
      await talk.given('DELETE configmaps/a')
      await watch.next(3)
    },
  },
  {
    name: 'a watch from a version tells what it missed',
    run: async talk => {
      const from = await now(talk)
      await talk.given('POST configmaps', config('a'))
      await talk.given('PATCH configmaps/a', { data: { key: 'other' } }, merge)
      await talk.given('DELETE configmaps/a')
      const watch = await talk.watch(`configmaps?watch=1&resourceVersion=${from}`, brief)
      await watch.next(3)
    },
  },
  {
    name: 'a watch without a version, or from 0, begins with what there is',
    run: async talk => {
      for (const name of ['b', 'a']) await talk.given('POST configmaps', config(name))
      const watch = await talk.watch('configmaps?watch=true', brief)
      await watch.next(2)
      await talk.given('POST configmaps', config('c'))
      await watch.next(1)
      const again = await talk.watch('configmaps?watch=true&resourceVersion=0', brief)
      await again.next(3)
    },
  },
  {
    name: 'a watch of custom resources',
    run: async talk => {
      const watch = await talk.watch('canaries?watch=true')
      await talk.given('POST canaries', canary('web'))
      await talk.given('PATCH canaries/web/status', { status: { phase: 'Progressing' } }, merge)
      await watch.next(2)
    },
  },
  {
    name: 'a watch of one object by its name',
    run: async talk => {
      const watch = await talk.watch('configmaps?watch=true&fieldSelector=metadata.name%3Db', brief)
      for (const name of ['a', 'b', 'c']) await talk.given('POST configmaps', config(name))
      await talk.given('DELETE configmaps/b')
      await watch.next(2)
    },
  },
  {
    name: 'what begins to fit a selector is ADDED, what no longer does is DELETED as it was',
    run: async talk => {
      await talk.given('POST configmaps', config('a', { n: '0' }))
      const watch = await talk.watch(
        `configmaps?watch=true&labelSelector=app%3Dweb&resourceVersion=${await now(talk)}`,
        brief,
      )
      for (const value of ['web', 'web', 'api', 'web', null]) {
        await talk.given(
          'PATCH configmaps/a',
          { ...label(value), data: { n: String(value), [`${value}`]: 'x' } },
          merge,
        )
      }
      await talk.given('DELETE configmaps/a')
      await talk.given('POST configmaps', config('b', {}, { labels: { app: 'web' } }))
      await watch.next(5)
    },
  },
  {
    name: 'what begins and ceases to fit a field selector',
    run: async talk => {
      const watch = await talk.watch('pods?watch=true&fieldSelector=status.phase%3DRunning', brief)
      await talk.given('POST pods', pod('p'))
      await talk.given('PATCH pods/p/status', { status: { phase: 'Running' } }, merge)
      await talk.given('PATCH pods/p/status', { status: { phase: 'Succeeded' } }, merge)
      await watch.next(2)
    },
  },
  {
    name: 'DELETED has the version of the deletion',
    run: async talk => {
      const object = await talk.given('POST configmaps', config('a'))
      const watch = await talk.watch(`configmaps?watch=true&resourceVersion=${object.metadata.resourceVersion}`)
      await talk.given('DELETE configmaps/a')
      const [deleted] = await watch.next(1)
      const after = Number(deleted?.object.metadata.resourceVersion) > Number(object.metadata.resourceVersion)
      talk.note('a later version', after)
    },
  },
  {
    name: 'an object with finalizers is MODIFIED by its deletion, and DELETED after the last',
    run: async talk => {
      await talk.given('POST configmaps', config('a', {}, { finalizers: ['example.com/a'] }))
      const watch = await talk.watch(`configmaps?watch=true&resourceVersion=${await now(talk)}`)
      await talk.given('DELETE configmaps/a')
      await talk.given('PATCH configmaps/a', { metadata: { finalizers: null } }, merge)
      await watch.next(2)
    },
  },
  {
    name: 'a watch list ends its beginning with a bookmark',
    run: async talk => {
      for (const name of ['b', 'a']) await talk.given('POST configmaps', config(name))
      const path =
        'configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
      const watch = await talk.watch(path)
      await watch.next(3)
      await talk.given('POST configmaps', config('c'))
      await watch.next(1)
      const later = await talk.watch(`${path}&resourceVersion=${await now(talk)}`, brief)
      await later.next(4)
      const custom = await talk.watch(path.replace('configmaps', 'canaries'))
      await custom.next(1)
    },
  },
  {
    name: 'a watch list asks for what it needs',
    run: async ({ ask }) => {
      const query = 'configmaps?watch=true&sendInitialEvents=true'
      await ask(`GET ${query}&allowWatchBookmarks=true`)
      await ask(`GET ${query}&resourceVersionMatch=Exact&allowWatchBookmarks=true`)
      await ask('GET configmaps?watch=true&resourceVersionMatch=NotOlderThan')
      await ask('GET configmaps?watch=true&limit=5&continue=abc&timeoutSeconds=1')
    },
  },
  {
    name: 'a watch list without its beginning',
    run: async talk => {
      await talk.given('POST configmaps', config('a'))
      const path =
        'configmaps?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
      const watch = await talk.watch(`${path}&resourceVersion=${await now(talk)}`, brief)
      await talk.given('POST configmaps', config('b'))
      await watch.next(1)
    },
  },
  {
    name: 'a watch ends after timeoutSeconds',
    run: async talk => {
      const from = await now(talk)
      const watch = await talk.watch(`configmaps?watch=true&timeoutSeconds=1&resourceVersion=${from}`, brief)
      await talk.given('POST configmaps', config('a'))
      await watch.end()
    },
  },
  {
    name: 'a watch from long ago is told that it is too old',
    run: async talk => {
      await talk.given('POST canaries', canary('web'))
      await talk.server.compact()
      const watch = await talk.watch('canaries?watch=true&resourceVersion=1')
      await watch.end()
    },
  },
  {
    name: 'a watch from the future is silent',
    run: async talk => {
      const watch = await talk.watch('configmaps?watch=true&resourceVersion=999999999&timeoutSeconds=1')
      await talk.given('POST configmaps', config('a'))
      talk.note('events until its end', (await watch.end()).length)
    },
  },
  {
    name: 'a watch from a version that is none is refused',
    run: async ({ ask }) => {
      await ask('GET configmaps?watch=true&resourceVersion=abc')
      await ask('GET configmaps?watch=true&timeoutSeconds=soon')
      await ask('GET canaries?watch=true&resourceVersion=abc')
    },
  },
  {
    name: 'a watch that is perhaps one is one',
    run: async ({ ask }) => ask('GET configmaps?watch=perhaps&timeoutSeconds=1'),
  },
  {
    name: 'a watch with a bad selector is refused',
    run: async ({ ask }) => {
      await ask('GET configmaps?watch=true&labelSelector=app%3Dweb%3Dapi')
      await ask('GET configmaps?watch=true&fieldSelector=data.key%3Da')
    },
  },
  {
    name: 'a watch of a kind that does not exist is refused',
    run: async ({ ask }) => ask('GET /apis/sluice.dev/v1beta1/namespaces/NS/unheards?watch=true'),
  },
  {
    name: 'events of one watch come in the order of the writes',
    run: async talk => {
      const watch = await talk.watch('configmaps?watch=true', brief)
      for (let n = 0; n < 20; n++) await talk.given('POST configmaps', config(`a${n}`, { n: String(n) }))
      const versions = (await watch.next(20)).map(({ object }: { object: KubeObject }) =>
        Number(object.metadata.resourceVersion),
      )
      talk.note(
        'in order',
        versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? 0)),
      )
    },
  },
  {
    name: 'a watch as tables',
    run: async talk => {
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
      await talk.given('POST configmaps', config('a'))
      const watch = await talk.watch('configmaps?watch=true', { accept })
      await watch.next(1)
      await talk.given('PATCH configmaps/a', { data: { more: 'x' } }, merge)
      await talk.given('DELETE configmaps/a')
      await watch.next(2)
    },
  },
  {
    name: 'a watch of one object by its path',
    run: async talk => {
      await talk.given('POST configmaps', config('a'))
      const watch = await talk.watch('/api/v1/watch/namespaces/NS/configmaps/a', brief)
      await watch.next(1)
      await talk.given('DELETE configmaps/a')
      await watch.next(1)
    },
  },
  {
    name: 'a watch of all namespaces',
    run: async talk => {
      const watch = await talk.watch(
        `/apis/sluice.dev/v1beta1/canaries?watch=true&labelSelector=only%3D${talk.namespace}`,
        only('type'),
      )
      await talk.given('POST canaries', canary('web', {}, { labels: { only: talk.namespace } }))
      await watch.next(1)
    },
  },
]
