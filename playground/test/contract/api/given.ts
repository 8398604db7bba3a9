/** The objects of the API contract. */
import type { KubeObject, ObjectMeta } from '../../../../src/api/object.ts'
import { at } from '../../../../src/core/json.ts'
import type { Options } from './case.ts'

type Meta = Partial<ObjectMeta> & { readonly generateName?: string }
/** An object as a client writes it; the namespace is that of the path. */
type Draft = Omit<KubeObject, 'metadata'> & { readonly metadata: Meta }

export function config(name: string, data: Record<string, string> = { key: 'value' }, metadata: Meta = {}): Draft {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data }
}

export function service(name: string, spec: Record<string, unknown> = {}, metadata: Meta = {}): Draft {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...metadata },
    spec: { selector: { app: name }, ports, ...spec },
  }
}

/** Without pods, unless said otherwise: those are the kubelet's, and no two kubelets are alike. */
export function deployment(name: string, spec: Record<string, unknown> = {}, metadata: Meta = {}): Draft {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...metadata },
    spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: template(name), ...spec },
  }
}

export function template(name: string, container: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'app', image: 'demo/web:1.0.0', ...container }] },
  }
}

/** On a node that does not exist, so that no kubelet takes it. */
export function pod(name: string, spec: Record<string, unknown> = {}, metadata: Meta = {}): Draft {
  const containers = [{ name: 'app', image: 'demo/web:1.0.0' }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { nodeName: 'elsewhere', containers, ...spec },
  }
}

export function canary(name: string, spec: Record<string, unknown> = {}, metadata: Meta = {}): Draft {
  return {
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'Canary',
    metadata: { name, ...metadata },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      service: { port: 80 },
      analysis: { interval: '1m', threshold: 5, stepWeights: [10, 50] },
      ...spec,
    },
  }
}

export function lease(name: string, spec: Record<string, unknown>, metadata: Meta = {}): Draft {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, ...metadata }, spec }
}

export function owner({ apiVersion, kind, metadata }: KubeObject, more: Record<string, unknown> = {}) {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', ...more }
}

/** `widgets.contract.example`: every way in which a schema can say how lists and maps merge, and rules of all kinds. */
export const widgets: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.contract.example' },
  spec: {
    group: 'contract.example',
    names: { kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget', shortNames: ['wd'] },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'string', jsonPath: '.spec.size' },
          { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Secret', type: 'string', jsonPath: '.spec.secret', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                'x-kubernetes-validations': [
                  {
                    rule: '!has(self.low) || !has(self.high) || self.low <= self.high',
                    message: 'low must not exceed high',
                  },
                ],
                properties: {
                  size: { type: 'string', enum: ['small', 'large'], default: 'small' },
                  replicas: { type: 'integer', format: 'int32', minimum: 0, maximum: 10 },
                  secret: { type: 'string', maxLength: 8, pattern: '^[a-z]+$' },
                  low: { type: 'integer' },
                  high: { type: 'integer' },
                  fixed: {
                    type: 'string',
                    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'fixed is immutable' }],
                  },
                  parts: {
                    type: 'array',
                    maxItems: 4,
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: {
                        name: { type: 'string' },
                        count: { type: 'integer', default: 1 },
                        colour: { type: 'string' },
                      },
                    },
                  },
                  tags: { type: 'array', maxItems: 5, 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
                  order: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'string' } },
                  plain: { type: 'array', items: { type: 'string' } },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                  whole: {
                    type: 'object',
                    'x-kubernetes-map-type': 'atomic',
                    additionalProperties: { type: 'string' },
                  },
                  port: { 'x-kubernetes-int-or-string': true },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
              },
              status: {
                type: 'object',
                properties: {
                  replicas: { type: 'integer' },
                  selector: { type: 'string' },
                  phase: { type: 'string' },
                  conditions: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['type'],
                    items: {
                      type: 'object',
                      required: ['type', 'status'],
                      properties: {
                        type: { type: 'string' },
                        status: { type: 'string' },
                        reason: { type: 'string' },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
}

export function widget(name: string, spec: Record<string, unknown> = {}, metadata: Meta = {}): Draft {
  return { apiVersion: 'contract.example/v1', kind: 'Widget', metadata: { name, ...metadata }, spec }
}

/** Compares only what is found along `keys`. */
export const only = (...keys: readonly string[]): Options => ({ only: body => at(body, ...keys) })
