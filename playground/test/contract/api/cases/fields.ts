/** Dry runs, and what becomes of fields that are not known. */
import type { Case } from '../case.ts'
import { canary, config, deployment, only, service, widget } from '../given.ts'

const unknown = deployment('web', { replica: 2, paused: true })
const levels = ['Strict', 'Warn', 'Ignore', 'Perhaps', ''] as const

export const fields: readonly Case[] = [
  {
    name: 'a dry creation answers as a wet one and creates nothing',
    run: async ({ ask }) => {
      await ask('POST configmaps?dryRun=All', config('a'))
      await ask('POST services?dryRun=All', service('web'), only('spec', 'ports'))
      await ask('POST canaries?dryRun=All', canary('web'), only('metadata'))
      await ask('GET configmaps/a')
      await ask('POST services?dryRun=All', service('web', { ports: [] }))
    },
  },
  {
    name: 'a dry update and a dry patch change nothing',
    run: async ({ ask, merge, given }) => {
      const object = await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a?dryRun=All', { ...object, data: { key: 'other' } })
      await merge('configmaps/a?dryRun=All', { data: { key: 'third' } })
      await ask('GET configmaps/a')
      await ask('PUT configmaps/a?dryRun=All', { ...object, metadata: { ...object.metadata, resourceVersion: '1' } })
    },
  },
  {
    name: 'a dry creation of what exists is refused as a wet one',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('POST configmaps?dryRun=All', config('a'))
    },
  },
  {
    name: 'a dry run of another kind than All is refused',
    run: async ({ ask }) => {
      await ask('POST configmaps?dryRun=Some', config('a'))
      await ask('POST configmaps?dryRun=', config('a'))
    },
  },
  ...levels.map(level => ({
    name: `unknown fields with fieldValidation=${level}`,
    run: async ({ ask, merge, strategic, operations }: Parameters<Case['run']>[0]) => {
      const query = `fieldValidation=${level}`
      await ask(`POST deployments?${query}`, unknown, only('metadata', 'name'))
      await ask(
        `POST canaries?${query}`,
        canary('web', { unheard: 1, service: { port: 80, colour: 'red' } }),
        only('spec', 'service'),
      )
      await ask('POST services', service('web'), only('metadata', 'name'))
      await ask(`PUT services/web?${query}`, service('web', { colour: 'red' }), only('metadata', 'name'))
      await merge(`services/web?${query}`, { spec: { colour: 'red' }, unheard: true }, only('metadata', 'name'))
      await strategic(`services/web?${query}`, { spec: { colour: 'red' } }, only('metadata', 'name'))
      await operations(
        `services/web?${query}`,
        [{ op: 'add', path: '/spec/colour', value: 'red' }],
        only('metadata', 'name'),
      )
    },
  })),
  {
    name: 'fields that come twice',
    run: async ({ ask, merge }) => {
      const twice = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","name":"a"},"data":{"k":"1","k":"2"}}'
      for (const level of ['Strict', 'Warn', 'Ignore']) {
        await ask(`POST configmaps?dryRun=All&fieldValidation=${level}`, twice, only('data'))
      }
      const web = JSON.stringify(canary('web')).replace('"port":80', '"port":80,"port":81')
      for (const level of ['Strict', 'Warn', 'Ignore']) {
        await ask(`POST canaries?dryRun=All&fieldValidation=${level}`, web, only('spec', 'service'))
      }
      await ask('POST configmaps', config('a'), only('data'))
      await merge('configmaps/a?fieldValidation=Strict', '{"data":{"k":"1","k":"2"}}')
    },
  },
  {
    name: 'fields of the wrong type',
    run: async ({ ask }) => {
      await ask('POST services', service('web', { ports: [{ port: 'eighty' }] }))
      await ask('POST deployments', deployment('web', { replicas: 'two' }))
      await ask('POST configmaps', { ...config('a'), data: { key: 7 } })
      await ask('POST configmaps', { ...config('a'), data: ['key'] })
      await ask('POST configmaps', { ...config('a'), metadata: { name: 'a', labels: { a: 7 } } })
      await ask('POST configmaps', { ...config('a'), metadata: 'a' })
      await ask('POST secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's' },
        data: { a: 'not base64!' },
      })
    },
  },
  {
    name: 'metadata of the wrong type in a custom resource',
    run: async ({ ask }) => {
      await ask('POST canaries', { ...canary('web'), metadata: { name: 'web', labels: { a: 7 } } })
      await ask('POST canaries', { ...canary('web'), metadata: { name: 'web', unheard: true } })
      await ask('POST canaries?fieldValidation=Strict', { ...canary('web'), metadata: { name: 'web', unheard: true } })
    },
  },
  {
    name: 'unknown fields are pruned from custom resources, but not from free objects',
    run: async ({ ask, merge }) => {
      await ask(
        'POST widgets',
        widget('w', { unheard: 1, free: { any: { thing: 1 } }, parts: [{ name: 'a', wheel: 1 }] }),
        only('spec'),
      )
      await merge('widgets/w', { spec: { more: true }, status: { phase: 'x' }, top: 1 })
    },
  },
]
