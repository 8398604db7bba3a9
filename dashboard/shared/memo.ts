/** A component that is drawn again only when a property of it is another value. */
import { type ComponentChild, type FunctionComponent, Component } from 'preact'

export function memo<P extends object>(draw: (props: P) => ComponentChild): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const names = Object.keys(next) as (keyof P)[]
      return names.some(name => this.props[name] !== next[name])
    }

    override render(): ComponentChild {
      return draw(this.props)
    }
  }
  return Memo as unknown as FunctionComponent<P>
}
