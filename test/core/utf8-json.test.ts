import t from 'tap'
import { parseUtf8Json } from './internals.js'

t.test('parses strict UTF-8 JSON, also in a view of a larger buffer', async (t) => {
  t.same(parseUtf8Json(Buffer.from('{"a":"é用户😀"}')), { a: 'é用户😀' })
  const larger = new TextEncoder().encode('xx[1,"ü"]yy')
  t.same(parseUtf8Json(larger.subarray(2, larger.length - 2)), [1, 'ü'])
})

t.test('refuses everything else, and never quotes the input', async (t) => {
  const refused: Record<string, Uint8Array> = {
    empty: Buffer.alloc(0),
    'byte order mark': Buffer.from('\ufeff{}'),
    'latin-1': Buffer.from('{"a":"\xff"}', 'latin1'),
    'overlong encoding': Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
    'lone surrogate': Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    'cut-off character': Buffer.from([0x22, 0xe2, 0x82, 0x22]),
    'not JSON': Buffer.from('canary'),
    'two documents': Buffer.from('{}{}'),
  }
  for (const [name, bytes] of Object.entries(refused)) {
    t.throws(() => parseUtf8Json(bytes), SyntaxError, name)
    try {
      parseUtf8Json(bytes)
    } catch (error) {
      t.notMatch(String(error), /canary/, name)
    }
  }
})
