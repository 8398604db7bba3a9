/** The files that follow from the schemas, with their text. */
import { stringify } from 'yaml'
import { crdOf, resources } from './crd.ts'
import { referenceOf } from './reference.ts'

/** Every generated file: its path from the root of the repository, and its content. */
export function generated(): { path: string; text: string }[] {
  const crds = resources.map(resource => ({
    path: `crds/${resource.kind.plural}.yaml`,
    text: `# Generated from src/api by \`npm run generate\`; edit the schemas there.\n${stringify(crdOf(resource), { lineWidth: 0, aliasDuplicateObjects: false })}`,
  }))
  return [...crds, { path: 'docs/reference.md', text: referenceOf(resources) }]
}
