import { expect } from 'chai'
import { messagesPage } from '../../scripts/messages.ts'

suite('The page of messages', () => {
  const { path, text } = messagesPage()

  test('has each message beside its reason, with samples for what is filled in', () => {
    expect(path).to.equal('docs/messages.md')
    expect(text).to.match(/^\| `Initialized` \| [^|]*web-primary serves [^|]* \| \[machine\/rules\//m)
    expect(text).to.match(/^\| `TargetMissing` \| Deployment web does not exist/m)
    expect(text).to.not.include('${')
  })
})
