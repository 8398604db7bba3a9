/** Each test by its name, then the line that every run ends with. */
import Mocha from 'mocha'
import { withClosingLine } from '../test/closing-line.ts'

export default withClosingLine(Mocha.reporters.Spec)
