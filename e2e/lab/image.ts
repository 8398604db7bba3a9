/**
 * The image of the Dockerfile, as .ci/image has built and unpacked it, run by bubblewrap as a container runtime runs a pod that is
 * `restricted`: as the image's user 65532, without capabilities, with a root file system that cannot be written and nothing else of the machine.
 */
import { copyFile, mkdir, chown, chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { find } from './parts.ts'

const USER = 65_532

/** Where .ci/image has put it, or why there is none. */
export const image: { readonly folder: string } | { readonly missing: string } = (() => {
  const folder = process.env['SLUICE_IMAGE']
  if (folder === undefined) return { missing: 'SLUICE_IMAGE names no folder: .ci/image builds the image' }
  for (const program of ['bwrap', 'setpriv']) if (find(program) === null) return { missing: `${program} is not there` }
  return { folder }
})()

interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
}

export class Image {
  readonly #folder: string
  readonly config: ImageConfig

  private constructor(folder: string, config: ImageConfig) {
    this.#folder = folder
    this.config = config
  }

  static async open(folder: string): Promise<Image> {
    return new Image(folder, JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as ImageConfig)
  }

  get root(): string {
    return join(this.#folder, 'root')
  }

  /** Puts a file where pods have their secrets, for its user alone. @returns its path in the container. */
  async mount(name: string, file: string): Promise<string> {
    const folder = join(this.#folder, 'secrets')
    await mkdir(folder, { recursive: true })
    const copy = join(folder, name)
    await copyFile(file, copy)
    await chown(copy, USER, USER)
    await chmod(copy, 0o400)
    return `/var/run/secrets/${name}`
  }

  /** A command that runs another one in a container of it. @param args after the entry point of the image, or in place of it. */
  command(args: readonly string[] = this.config.Entrypoint): readonly [string, ...string[]] {
    const secrets = join(this.#folder, 'secrets')
    const { root, config } = this
    const env = config.Env.flatMap(entry => {
      const [name = '', ...value] = entry.split('=')
      return ['--setenv', name, value.join('=')]
    })
    const user = `setpriv --reuid=${USER} --regid=${USER} --clear-groups --no-new-privs --`
    const namespaces = '--die-with-parent --unshare-user --unshare-pid --unshare-ipc --unshare-uts --clearenv'
    const rights = `--uid ${USER} --gid ${USER} --cap-drop ALL`
    const files = ['--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev', '--ro-bind', secrets, '/var/run/secrets']
    return [
      'setpriv',
      ...user.split(' ').slice(1),
      'bwrap',
      ...`${namespaces} ${rights}`.split(' '),
      ...files,
      ...env,
      '--',
      ...args,
    ]
  }
}
