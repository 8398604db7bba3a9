/**
 * Writes what follows from the schemas and tables: the CRDs, the reference, the pages of commands, of what `sluice check` checks, of reasons and metrics, and of messages, the table of Flagger's fields, the roles for policies and providers, the rights that the controller checks, the table of their kinds, those of providers, what Argo CD has to know of Canaries, Grafana's dashboards, the Helm chart and an overlay. `--verify` writes nothing and names what differs.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generated } from '../src/api/generated.ts'
import { argocdPage } from './argocd.ts'
import { chartPages } from './chart/chart.ts'
import { checkPage } from './check-page.ts'
import { commandLinePage } from './command-line.ts'
import { eventsPage } from './events.ts'
import { grafanaPages } from './grafana.ts'
import { istioPage } from './istio-tables.ts'
import { messagesPage } from './messages.ts'
import { overlayPages } from './overlays.ts'
import { parityPage } from './parity.ts'
import { policiesPage } from './policies-table.ts'
import { policyRolesPage } from './policy-rbac.ts'
import { nginxRolePage, rbacPage } from './rbac.ts'
import { rolesPage } from './roles.ts'

const root = new URL('..', import.meta.url)
const stale: string[] = []

const pages = [
  ...generated(),
  commandLinePage(),
  checkPage(),
  eventsPage(),
  messagesPage(),
  parityPage(),
  policyRolesPage(),
  policiesPage(),
  istioPage(),
  rbacPage(),
  nginxRolePage(),
  rolesPage(),
  argocdPage(),
  ...grafanaPages(),
]

/** @param written texts of files, each by its path from the root. */
async function write(written: readonly { readonly path: string; readonly text: string }[]): Promise<void> {
  for (const { path, text } of written) {
    const file = new URL(path, root)
    const present = await readFile(file, 'utf8').catch(() => null)
    if (present === text) continue
    stale.push(path)
    if (process.argv.includes('--verify')) continue
    await mkdir(dirname(file.pathname), { recursive: true })
    await writeFile(file, text)
  }
}

await write(pages)
// Of the files that are written above.
await write([...chartPages(), ...overlayPages()])

if (stale.length === 0) console.log('generated files are up to date')
else if (!process.argv.includes('--verify')) console.log(`wrote ${stale.join(', ')}`)
else {
  console.error(`out of date: ${stale.join(', ')}; run: npm run generate`)
  process.exitCode = 1
}
