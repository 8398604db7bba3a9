/**
 * Names of Services, for programs that look names up: the lab has no name service, but a file of hosts. Each name leads to the client in
 * the mesh, whose proxy knows by the Host header which Service is meant, as for any other caller.
 */
import { appendFile, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addresses } from './network.ts'
import { run } from './program.ts'

let hosts: Promise<string> | undefined

/** From now on every program of this run can look these names up. */
export async function addNames(lab: { readonly dir: string }, ...names: readonly string[]): Promise<void> {
  hosts ??= ownHosts(lab.dir)
  await appendFile(await hosts, `\n${addresses.client} ${names.join(' ')}\n`)
}

/** `npm run e2e` has a mount namespace of its own: the machine keeps its file. */
async function ownHosts(dir: string): Promise<string> {
  const file = join(dir, 'hosts')
  await copyFile('/etc/hosts', file)
  await run(['mount', '--bind', file, '/etc/hosts'])
  return file
}
