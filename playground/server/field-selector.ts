/** Field selectors (https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/): each kind has a few fields to select by. */
import { type Kind, kindKey, type KubeObject } from '../../src/api/object.ts'
import { badRequest } from '../answers.ts'
import { at } from '../json.ts'

const of = (parent: string, names: readonly string[]): string[] => names.map(name => `${parent}.${name}`)

/** Beside name and namespace, which every kind has. */
const selectable: Readonly<Record<string, readonly string[]>> = {
  pods: [
    ...of('spec', ['nodeName', 'restartPolicy', 'schedulerName', 'serviceAccountName', 'hostNetwork']),
    ...of('status', ['phase', 'podIP', 'podIPs', 'nominatedNodeName']),
  ],
  events: [
    ...of('involvedObject', ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
}

const scalar = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

const isCustom = ({ group }: Kind): boolean => group.includes('.') && !group.endsWith('.k8s.io')

/**
 * Reads `involvedObject.name=web,type!=Normal`.
 *
 * @throws ApiError 400 for what is no selector, and for a field that the kind cannot be selected by.
 */
export function parseFieldSelector(kind: Kind, text: string | undefined): (object: KubeObject) => boolean {
  const own = selectable[kindKey(kind)]
  const known = ['metadata.name', ...(kind.namespaced ? ['metadata.namespace'] : []), ...(own ?? [])]
  const terms = (text ?? '').split(/(?<!\\),/).filter(term => term !== '')
  const tests = terms.map(term => {
    const [, field = '', operator = '', value = ''] = /^(.*?)(!=|==|=)(.*)$/.exec(term) ?? []
    if (operator === '') throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    if (!known.includes(field)) {
      throw badRequest(
        own !== undefined || isCustom(kind)
          ? `field label not supported: ${field}`
          : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
      )
    }
    const wanted = value.replaceAll(/\\([\\,=])/g, '$1')
    const keys = field.split('.')
    return (object: KubeObject): boolean => (scalar(at(object, ...keys)) === wanted) === (operator !== '!=')
  })
  return object => tests.every(test => test(object))
}
