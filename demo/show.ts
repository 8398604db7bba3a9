/** Shows a release while it goes on: a picture that lives in a terminal, a line for each change where there is none. */
import { type Out, Screen } from './screen.ts'
import { plainLine, type View } from './view.ts'

/** How often the picture is redrawn, in milliseconds: answers and the clock move between two changes of the Canary. */
const FRAME = 200

export interface Show {
  /** There is something new to see. */
  changed(): void
  /** What is on the screen stays there, and the next picture is drawn below; `said` comes between. */
  keep(said: string): void
  /** Draws no more. */
  end(): void
}

/** @param look what there is to see now. */
export function showOn(out: Out, look: () => View): Show {
  return out.isTTY ? picture(out, look) : lines(out, look)
}

function picture(out: Out, look: () => View): Show {
  const screen = new Screen(out)
  const draw = (): void => screen.draw(look())
  const frames = setInterval(draw, FRAME)
  return {
    changed: draw,
    keep(said) {
      draw()
      screen.keep()
      out.write(`${said}\n\n`)
    },
    end: () => clearInterval(frames),
  }
}

function lines(out: Out, look: () => View): Show {
  let before: View | null = null
  const say = (): void => {
    const now = look()
    const line = plainLine(now, before)
    if (line === null) return
    out.write(`${line}\n`)
    before = now
  }
  return {
    changed: say,
    keep(said) {
      say()
      out.write(`${said}\n\n`)
    },
    end: () => {},
  }
}
