/** What the cases need on a server: the CRDs of Sluice and Istio's where they are not there yet, and the widgets. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { KubeObject } from '../../../../src/api/object.ts'
import type { Server } from './case.ts'
import { Client } from './client.ts'
import { widgets } from './given.ts'

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Installs CRDs that are missing and waits until they are served. @throws Error with a sentence when they are not. */
export async function prepare(server: Server): Promise<void> {
  const ours = ['canaries', 'metrictemplates'].map(
    name => parse(readFileSync(new URL(`../../../../crds/${name}.yaml`, import.meta.url), 'utf8')) as KubeObject,
  )
  const client = new Client(server, 'default')
  try {
    for (const crd of [...ours, widgets]) {
      const { code, text } = await client.quietly(`POST ${path}`, crd)
      if (code !== 201 && code !== 409) throw new Error(`the CRD ${crd.metadata.name} is not taken: ${text}`)
    }
    for (const kind of ['canaries', 'metrictemplates', 'widgets']) {
      await client.eventually(`GET ${kind}`, ({ code }) => code === 200)
    }
  } finally {
    await client.close()
  }
}
