/**
 * `npm run record:objects`: plays every moment with this version, and keeps what is in the cluster then. docs/releasing.md says when. What
 * a released version left is not written again.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { World } from '../scenarios/world.ts'
import { folderOf, recordingOf, textOf, version } from './files.ts'
import { moments } from './moments.ts'

const tags = execFileSync('git', ['tag', '--list', `v${version}`], { encoding: 'utf8' })
if (tags.trim() !== '') {
  console.error(
    `${version} is released, and its objects stay as they are. Write the next version into package.json first.`,
  )
  process.exit(1)
}
const folder = folderOf(version)
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const { name, play } of moments) {
  const world = new World()
  world.start()
  await play(world)
  writeFileSync(join(folder, `${name}.yaml`), textOf(recordingOf(world)))
  await world.close()
  console.log(`${name}: recorded`)
}
