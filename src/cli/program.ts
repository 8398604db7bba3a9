/** All commands of `sluice` but the controller's own `run`. */
import type { Command } from 'commander'
import { statusCommand } from './status.ts'
import { steerCommands } from './steer.ts'
import type { Tools } from './tools.ts'

/** Adds the commands that ask a cluster to the program. */
export function clientCommands(program: Command, tools: Tools): Command[] {
  return [statusCommand(program, tools), ...steerCommands(program, tools)]
}
