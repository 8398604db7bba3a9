/** An in-memory cluster with the kinds that a release meets: Sluice's own, Istio's, and those of autoscaling add-ons. */
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'
import type { Clock } from '../../src/core/ports.ts'
import { PlaygroundApi } from './api.ts'
import { definitionsOf } from '../definitions.ts'
import type { Resource } from '../resource.ts'
import { resourceOf } from '../schema/custom.ts'

const folder = new URL('../../crds/', import.meta.url)

/** The CustomResourceDefinitions under crds/. */
export const sluiceDefinitions = (): KubeObject[] =>
  readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .map(file => parse(readFileSync(new URL(file, folder), 'utf8')) as KubeObject)

/** A definition that takes everything. */
export function looseDefinition({ group, version, kind, plural }: Kind): KubeObject {
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema }, subresources: { status: {} } },
      ],
    },
  }
}

let all: readonly Resource[] | undefined

/** A server of its own with all of them, and the first client of it. */
export function installed(clock: Clock): PlaygroundApi {
  all ??= [
    ...sluiceDefinitions(),
    ...definitionsOf('istio'),
    ...[kinds.VerticalPodAutoscaler, kinds.ScaledObject].map(looseDefinition),
  ].map(resourceOf)
  const api = PlaygroundApi.on(clock)
  api.server.resources.install(...all)
  return api
}
