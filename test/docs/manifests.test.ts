/** What `kubectl apply -k manifests` applies: all files, and only what the program understands. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Command } from 'commander'
import { parse, parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../src/api/object.ts'
import { dashboardCommand } from '../../src/cli/dashboard.ts'
import { runCommand } from '../../src/cli/flags.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import { read, root } from './pages.ts'

const yamlFiles = (folder: string): string[] =>
  readdirSync(join(root, folder)).filter(file => file.endsWith('.yaml') && file !== 'kustomization.yaml')

const resourcesOf = (kustomization: string): string[] =>
  (parse(read(kustomization).text) as { resources: string[] }).resources

const objects = (): KubeObject[] =>
  yamlFiles('manifests').flatMap(file =>
    parseAllDocuments(read(join('manifests', file)).text).map(document => document.toJS() as KubeObject),
  )

suite('The manifests', () => {
  test('list every file, and the CRDs', () => {
    expect(resourcesOf('manifests/kustomization.yaml')).to.have.members(['../crds', ...yamlFiles('manifests')])
  })

  // Were it named kustomization.yaml, `kubectl apply -f crds` would try to apply it.
  test('find every CRD through crds/Kustomization, which kubectl apply -f passes by', () => {
    expect(resourcesOf('crds/Kustomization')).to.have.members(yamlFiles('crds'))
  })

  test('put everything that has a namespace into sluice-system', () => {
    const clusterWide = ['Namespace', 'ClusterRole', 'ClusterRoleBinding']
    const elsewhere = objects()
      .filter(({ kind }) => !clusterWide.includes(kind))
      .filter(({ metadata }) => metadata.namespace !== 'sluice-system')
    expect(elsewhere.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).to.deep.equal([])
  })

  test('give nobody the right to write Canaries by aggregation, and those to Secrets in roles of their own', () => {
    const roles = objects().filter(({ kind }) => kind === 'ClusterRole')
    const writing = roles.filter(role =>
      recordsOf(role['rules']).some(({ verbs }) =>
        (verbs as string[]).some(verb => /^(create|update|patch|\*)$/.test(verb)),
      ),
    )
    const aggregated = writing.filter(({ metadata }) =>
      Object.keys(metadata.labels ?? {}).some(label => label.includes('aggregate-to')),
    )
    expect(aggregated.map(({ metadata }) => metadata.name)).to.deep.equal([])
    const secret = roles.filter(role =>
      recordsOf(role['rules']).some(({ resources }) =>
        (resources as string[]).some(one => one === 'secrets' || one === 'configmaps'),
      ),
    )
    expect(secret.map(({ metadata }) => metadata.name)).to.deep.equal(['sluice-configs', 'sluice-credentials'])
  })

  test('start the program with a command line that it takes', async () => {
    const deployment = objects().find(({ kind }) => kind === 'Deployment')
    const [container] = recordsOf(at(deployment?.spec, 'template', 'spec', 'containers'))
    const args = container?.['args'] as string[]
    const env = recordsOf(container?.['env']).map(({ name }) => String(name))
    let started = false
    const program = new Command().exitOverride()
    const command = runCommand(program, async () => {
      started = true
    }).exitOverride()
    await program.parseAsync(args, { from: 'user' })
    const known = command.options.map(({ envVar }) => envVar)
    expect(started).to.equal(true)
    expect(env.filter(name => name.startsWith('SLUICE_') && !known.includes(name))).to.deep.equal([])
    // A Service named sluice would otherwise set SLUICE_PORT to an URL.
    expect(at(deployment?.spec, 'template', 'spec', 'enableServiceLinks')).to.equal(false)
  })

  suite('of the page', () => {
    const folder = 'manifests/dashboard'
    const ofPage = (): KubeObject[] => yamlFiles(folder).map(file => parse(read(join(folder, file)).text) as KubeObject)
    const pod = (): unknown => at(ofPage().find(({ kind }) => kind === 'Deployment')?.spec, 'template', 'spec')

    test('list every file, and are in sluice-system', () => {
      expect(resourcesOf(`${folder}/kustomization.yaml`)).to.have.members(yamlFiles(folder))
      expect(ofPage().map(({ metadata }) => metadata.namespace)).to.deep.equal(['sluice-system', 'sluice-system'])
    })

    test('give no right, mount no token, and name no ServiceAccount', () => {
      expect(ofPage().map(({ kind }) => kind)).to.have.members(['Deployment', 'Service'])
      expect(at(pod(), 'automountServiceAccountToken')).to.equal(false)
      expect(at(pod(), 'serviceAccountName')).to.equal(undefined)
      const volumes = recordsOf(at(pod(), 'volumes'))
      expect(volumes.map(one => at(one, 'configMap', 'name'))).to.deep.equal(['kube-root-ca.crt'])
    })

    test('are what the Pod Security Standard `restricted` takes', () => {
      const [container] = recordsOf(at(pod(), 'containers'))
      expect(at(pod(), 'securityContext', 'runAsNonRoot')).to.equal(true)
      expect(at(pod(), 'securityContext', 'seccompProfile', 'type')).to.equal('RuntimeDefault')
      expect(container?.['securityContext']).to.deep.equal({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    })

    test('start the program with a command line that it takes, and mount what it reads', async () => {
      const [container] = recordsOf(at(pod(), 'containers'))
      let caFile = ''
      const program = new Command().exitOverride()
      dashboardCommand(program, async ({ inCluster, kubeCaFile }) => {
        if (inCluster) caFile = kubeCaFile
      }).exitOverride()
      await program.parseAsync(container?.['args'] as string[], { from: 'user' })
      const mounted = recordsOf(container?.['volumeMounts']).map(({ mountPath }) => `${String(mountPath)}/ca.crt`)
      expect(mounted).to.deep.equal([caFile])
      expect(at(pod(), 'enableServiceLinks')).to.equal(false)
    })
  })
})
