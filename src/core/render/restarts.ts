/**
 * Restarts of the primary by hand (`kubectl rollout restart`) or by a tool that restarts pods when their configuration
 * changes. They change the pod template, and stay on the primary until a promotion sets the template as a whole: to put the
 * template back would bring the old pods back, which have read the old configuration.
 */
import { at, entryOf, type Json, recordOf, recordsOf, textOf, textsOf } from '../json.ts'
import type { Labels } from './labels.ts'

/** Set by kubectl, Argo CD, Lens and k9s to the time of the restart. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

/** Rancher's redeployment, and Wave's hash of the configuration. */
const MARKS: ReadonlySet<string> = new Set(['cattle.io/timestamp', 'wave.pusher.com/config-hash'])

/** https://docs.stakater.com/reloader/latest/how-to-guide/reload-strategies.html */
const RELOADER_DOMAIN = 'reloader.stakater.com'
const RELOADER_VARIABLE = 'STAKATER_'

/** A template as it is rendered, with the restarts of the live one of the same revision. */
export function withRestarts(template: Json, live: unknown): Json {
  const metadata = recordOf(template['metadata'])
  const annotations = textsOf(metadata['annotations'])
  const restarts = restartsOn(textsOf(at(live, 'metadata', 'annotations')), annotations)
  const spec = recordOf(template['spec'])
  const containers = Object.fromEntries(
    ['containers', 'initContainers'].flatMap(list => {
      const rendered = recordsOf(spec[list])
      return rendered.length === 0 ? [] : [[list, withVariables(rendered, recordsOf(at(live, 'spec', list)))]]
    }),
  )
  return {
    ...template,
    metadata:
      Object.keys(restarts).length === 0 ? metadata : { ...metadata, annotations: { ...annotations, ...restarts } },
    spec: { ...spec, ...containers },
  }
}

function restartsOn(live: Labels, rendered: Labels): Labels {
  return Object.fromEntries(
    Object.entries(live).filter(([key, value]) => {
      const before = entryOf(rendered, key)
      if (key === RESTARTED_AT) return before === undefined || Date.parse(value) > Date.parse(before)
      const domain = key.split('/', 1)[0] ?? ''
      return MARKS.has(key) || domain === RELOADER_DOMAIN || domain.endsWith(`.${RELOADER_DOMAIN}`)
    }),
  )
}

/** Reloader changes the value of its variable where there is one, and else adds it at the end. */
function withVariables(rendered: readonly Json[], live: readonly Json[]): Json[] {
  return rendered.map(container => {
    const there = recordsOf(live.find(one => one['name'] === container['name'])?.['env'])
    const restarts = there.filter(variable => textOf(variable['name']).startsWith(RELOADER_VARIABLE))
    if (restarts.length === 0) return container
    const own = recordsOf(container['env'])
    const named = (name: unknown): Json | undefined => restarts.find(one => one['name'] === name)
    const added = restarts.filter(one => own.every(other => other['name'] !== one['name']))
    return { ...container, env: [...own.map(one => named(one['name']) ?? one), ...added] }
  })
}
