/** What the playground answers to the cases, over HTTP and in real time. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../../src/adapters/clock.ts'
import { startCluster } from '../../../cluster.ts'
import type { Case } from './case.ts'
import { type Transcripts, transcriptsOf } from './golden.ts'
import { prepare } from './prepare.ts'

/** Runs all cases on a playground of their own. */
export async function ourTranscripts(cases: readonly Case[]): Promise<Transcripts> {
  const folder = await mkdtemp(join(tmpdir(), 'api-contract-'))
  const cluster = await startCluster({ clock: systemClock, port: 0, kubeconfig: join(folder, 'kubeconfig') })
  try {
    const compact = async (): Promise<void> => cluster.server.store.compact()
    const server = { url: cluster.url, credentials: {}, compact }
    await prepare(server)
    return await transcriptsOf(server, cases, 'test')
  } finally {
    await cluster.close()
    await rm(folder, { recursive: true })
  }
}
