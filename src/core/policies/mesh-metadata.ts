/**
 * Labels and annotations by which Istio itself reads a policy, as much as it reads the spec: with `istio.io/dry-run: "true"` an
 * AuthorizationPolicy refuses nothing (https://istio.io/latest/docs/tasks/security/authorization/authz-dry-run/), and with `istio.io/rev`
 * only control planes of that revision use it (https://istio.io/latest/docs/reference/config/labels/#IoIstioRev).
 */
import type { KubeObject } from '../../api/object.ts'
import type { Json } from '../json.ts'

type Entries = Readonly<Record<string, string>> | undefined

const isMeshKey = (key: string): boolean => /^([^/]+\.)?istio\.io\//.test(key)

/** Without what Istio reads of them. */
export const withoutMeshKeys = (entries: Entries): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => !isMeshKey(key)))

const meshKeys = (entries: Entries): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => isMeshKey(key)))

/** What a policy says to Istio by its labels and annotations. */
export const readByMesh = ({ metadata: { labels, annotations } }: KubeObject): Json => ({
  labels: meshKeys(labels),
  annotations: meshKeys(annotations),
})
