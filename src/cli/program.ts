/** All commands of `sluice` but the controller's own `run`. */
import type { Command } from 'commander'
import { checkCommand } from './check.ts'
import { completionCommand } from './completion.ts'
import { installCommand } from './install.ts'
import { lintCommand } from './lint.ts'
import { diffCommand } from './show/diff.ts'
import { eventsCommand } from './show/events.ts'
import { explainCommand } from './show/explain.ts'
import { getCommand } from './show/get.ts'
import { historyCommand } from './show/history.ts'
import { watchCommand } from './show/watch.ts'
import { simulateCommand } from './simulate.ts'
import { statusCommand } from './status.ts'
import { steerCommands } from './steer.ts'
import type { Tools } from './tools.ts'

/** Adds the commands for people and CI to the program. */
export function clientCommands(program: Command, tools: Tools): Command[] {
  return [
    getCommand(program, tools),
    watchCommand(program, tools),
    explainCommand(program, tools),
    statusCommand(program, tools),
    ...steerCommands(program, tools),
    historyCommand(program, tools),
    diffCommand(program, tools),
    eventsCommand(program, tools),
    checkCommand(program, tools),
    installCommand(program, tools),
    lintCommand(program, tools),
    simulateCommand(program, tools),
    completionCommand(program, tools),
  ]
}
