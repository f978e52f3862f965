import t, { type Test } from 'tap'
import { clientOf, outcomeOf, summary } from './corbado-calls.js'
import { answer, inOrder, type Reply, rawThenReset, silence, startFaultServer } from './fault-server.js'

const user = {
  userID: 'usr-1',
  status: 'active',
  explicitWebauthnID: 'jane',
  createdMs: 1,
  updatedMs: 2,
  later: 'added',
}
const credential = { id: 'cre-1', status: 'active', sourceOS: 'macOS', aaguidDetails: { name: 'iCloud Keychain' } }
const identifier = { identifierID: 'ide-1', type: 'email', value: 'jane@doe.com', status: 'primary', userID: 'usr-1' }
const envelope = { httpStatusCode: 200, message: 'OK', requestData: { requestID: 'req-1' } }
const onePage = { page: 1, totalPages: 1, totalItems: 1 }
const notFound = answer(404, { ...envelope, error: { type: 'not_found' } })

async function start(t: Test, reply: Reply, timeoutMs = 5000) {
  const server = await startFaultServer(reply)
  const client = clientOf(server, { timeoutMs })
  t.teardown(async () => {
    await server.close()
    await client.close()
  })
  return { server, client }
}
type Client = ReturnType<typeof clientOf>

/** Every call, the request it makes, and an answer that fits. */
const calls: readonly {
  readonly name: string
  readonly call: (client: Client) => Promise<unknown>
  readonly request: string
  readonly body?: unknown
  readonly answer: unknown
  readonly kind: 'read' | 'delete' | 'create' | 'change'
  /** What a 404 means; calls about a whole list have none. */
  readonly notFound?: null | false | 'rejected'
}[] = [
  {
    name: 'users.list by WebAuthn identifier',
    call: (client) => client.users.list({ webauthnId: 'jane+1@doe.com' }),
    request: 'GET /v2/users?webauthnIDs=jane%2B1%40doe.com',
    answer: { users: [user], paging: onePage },
    kind: 'read',
  },
  {
    name: 'users.list by e-mail address, sorted, a page',
    call: (client) =>
      client.users.list({
        identifier: { type: 'email', value: 'jane@doe.com' },
        filter: ['status:eq:active'],
        sort: 'created:desc',
        page: 2,
        pageSize: 50,
      }),
    request:
      'GET /v2/users?identifierType=email&identifierValue=jane%40doe.com&sort=created%3Adesc&filter%5B%5D=status%3Aeq%3Aactive&page=2&pageSize=50',
    answer: { users: [user], paging: onePage },
    kind: 'read',
  },
  {
    name: 'users.get',
    call: (client) => client.users.get('usr-1'),
    request: 'GET /v2/users/usr-1',
    answer: user,
    kind: 'read',
    notFound: null,
  },
  {
    name: 'users.create',
    call: (client) => client.users.create({ status: 'active', explicitWebauthnID: 'jane' }),
    request: 'POST /v2/users',
    body: { status: 'active', explicitWebauthnID: 'jane' },
    answer: user,
    kind: 'create',
  },
  {
    name: 'users.delete',
    call: (client) => client.users.delete('usr-1'),
    request: 'DELETE /v2/users/usr-1',
    answer: envelope,
    kind: 'delete',
    notFound: false,
  },
  {
    name: 'credentials.list',
    call: (client) => client.credentials.list('usr-1', { filter: ['status:eq:active'] }),
    request: 'GET /v2/users/usr-1/credentials?filter%5B%5D=status%3Aeq%3Aactive',
    answer: { credentials: [credential], paging: onePage },
    kind: 'read',
    notFound: null,
  },
  {
    name: 'credentials.delete',
    call: (client) => client.credentials.delete('usr-1', 'cre-1'),
    request: 'DELETE /v2/users/usr-1/credentials/cre-1',
    answer: envelope,
    kind: 'delete',
    notFound: false,
  },
  {
    name: 'identifiers.list',
    call: (client) => client.identifiers.list({ filter: ['identifierValue:eq:jane@doe.com'] }),
    request: 'GET /v2/identifiers?filter%5B%5D=identifierValue%3Aeq%3Ajane%40doe.com',
    answer: { identifiers: [identifier], paging: onePage },
    kind: 'read',
  },
  {
    name: 'identifiers.create',
    call: (client) =>
      client.identifiers.create('usr-1', { identifierType: 'email', identifierValue: 'j@doe.com', status: 'verified' }),
    request: 'POST /v2/users/usr-1/identifiers',
    body: { identifierType: 'email', identifierValue: 'j@doe.com', status: 'verified' },
    answer: identifier,
    kind: 'create',
    notFound: 'rejected',
  },
  {
    name: 'identifiers.update',
    call: (client) => client.identifiers.update('usr-1', 'ide-1', { status: 'primary' }),
    request: 'PATCH /v2/users/usr-1/identifiers/ide-1',
    body: { status: 'primary' },
    answer: identifier,
    kind: 'change',
    notFound: null,
  },
  {
    name: 'identifiers.delete',
    call: (client) => client.identifiers.delete('usr-1', 'ide-1'),
    request: 'DELETE /v2/users/usr-1/identifiers/ide-1',
    answer: envelope,
    kind: 'delete',
    notFound: false,
  },
]

for (const { name, call, request, body, answer: good, kind, ...rest } of calls) {
  t.test(name, async (t) => {
    t.test('sends what Corbado expects and returns the answer', async (t) => {
      const { server, client } = await start(t, answer(200, good))
      t.strictSame(await call(client), kind === 'delete' ? true : good)
      const [sent] = server.requests
      t.equal(`${sent?.method} ${sent?.path}`, request)
      t.strictSame(sent?.body === '' ? undefined : JSON.parse(sent?.body ?? ''), body)
      t.equal(sent?.headers['content-type'], body === undefined ? undefined : 'application/json')
      t.match(sent?.headers.authorization, /^Basic /)
    })

    t.test('a 404', async (t) => {
      const { server, client } = await start(t, notFound)
      const outcome = await outcomeOf(call(client))
      if (rest.notFound === undefined) t.match(outcome, { retryable: false, reason: 'config_upstream_404' })
      else if (rest.notFound === 'rejected')
        t.match(outcome, { code: 'CORBADO_UPSTREAM_REJECTED', reason: 'not_found' })
      else t.strictSame(outcome, { value: rest.notFound })
      t.equal(server.requests.length, 1)
    })

    t.test('faults', async (t) => {
      const repeats = kind !== 'create'
      for (const [fault, reply, expected, attempts] of [
        ['a reset', rawThenReset(''), '503 UPSTREAM_UNAVAILABLE', repeats ? 2 : 1],
        ['no answer', silence, '504 UPSTREAM_TIMEOUT', 1],
        ['500', answer(500), '502 UPSTREAM_REJECTED', repeats ? 3 : 1],
        ['503', answer(503), '503 UPSTREAM_UNAVAILABLE', repeats ? 3 : 1],
        ['403', answer(403), '503 UPSTREAM_UNAVAILABLE', 1],
        ['400', answer(400), '502 UPSTREAM_REJECTED', 1],
        ['HTML', answer(200, '<html>'), '502 UPSTREAM_INVALID_RESPONSE', 1],
        ['an array', answer(200, []), '502 UPSTREAM_INVALID_RESPONSE', 1],
        ['204', answer(204, ''), '502 UPSTREAM_INVALID_RESPONSE', 1],
      ] as const) {
        const { server, client } = await start(t, reply, reply === silence ? 600 : 5000)
        const outcome = await outcomeOf(call(client))
        t.equal(summary(outcome).replace(' retryable', ''), expected, fault)
        t.equal(server.requests.length, attempts, `${fault}: number of requests`)
        if (!repeats) t.match(outcome, { retryable: false }, `${fault}: repeating could create it twice`)
      }
    })

    t.test('429 waits for Retry-After, because nothing was processed', async (t) => {
      const { server, client } = await start(t, answer(429, {}, ['Retry-After: 30']))
      t.match(await outcomeOf(call(client)), { code: 'CORBADO_UPSTREAM_BUSY', retryable: true, retryAfterSeconds: 30 })
      t.equal(server.requests.length, 1)
    })
  })
}

t.test('an ID cannot change the path', async (t) => {
  const { server, client } = await start(t, answer(200, envelope))
  for (const id of ['', '../users', 'usr-1/credentials', 'usr-1?x', 'usr-1%2f', 'a'.repeat(129)]) {
    for (const call of [
      () => client.users.get(id),
      () => client.users.delete(id),
      () => client.credentials.list(id),
      () => client.credentials.delete('usr-1', id),
      () => client.identifiers.delete(id, 'ide-1'),
    ]) {
      await t.rejects(
        async () => {
          await call()
        },
        TypeError,
        JSON.stringify(id),
      )
    }
  }
  t.equal(server.requests.length, 0)
})

t.test('page and pageSize must be in range', async (t) => {
  const { client } = await start(t, answer(200, envelope))
  for (const query of [{ page: 0 }, { page: 1.5 }, { pageSize: 0 }, { pageSize: 101 }]) {
    await t.rejects(client.identifiers.list(query), {
      name: 'TypeError',
      message: /`page(Size)?` must be a whole number/,
    })
  }
})

t.test('every page of a list', async (t) => {
  const pageOf = (page: number, totalPages: number, count = 2): unknown => ({
    credentials: Array.from({ length: count }, (_, index) => ({ ...credential, id: `cre-${page}-${index}` })),
    paging: { page, totalPages, totalItems: count * totalPages },
  })
  const idsOf = async (client: Client): Promise<string[]> => {
    const ids: string[] = []
    for await (const { id } of client.credentials.iterate('usr-1', { pageSize: 2 })) ids.push(id)
    return ids
  }

  t.test('is read in order, and no page after the last', async (t) => {
    const { server, client } = await start(t, inOrder(...[1, 2, 3].map((page) => answer(200, pageOf(page, 3)))))
    t.strictSame(await idsOf(client), ['cre-1-0', 'cre-1-1', 'cre-2-0', 'cre-2-1', 'cre-3-0', 'cre-3-1'])
    t.strictSame(
      server.requests.map(({ path }) => path.split('?')[1]),
      [1, 2, 3].map((page) => `page=${page}&pageSize=2`),
    )
  })

  t.test('is empty where Corbado does not know the user', async (t) => {
    const { client } = await start(t, notFound)
    t.strictSame(await idsOf(client), [])
  })

  t.test('ends with an error if a page comes again', async (t) => {
    const { server, client } = await start(t, answer(200, pageOf(1, 1000)))
    await t.rejects(idsOf(client), { code: 'CORBADO_UPSTREAM_INVALID_RESPONSE', reason: 'endless_list' })
    t.equal(server.requests.length, 2)
  })

  t.test('ends with an error if the last page never comes', async (t) => {
    let page = 0
    const endless: Reply = (socket, request) => {
      page += 1
      answer(200, pageOf(page, Number.MAX_SAFE_INTEGER))(socket, request)
    }
    const { server, client } = await start(t, endless)
    await t.rejects(idsOf(client), { code: 'CORBADO_UPSTREAM_INVALID_RESPONSE', reason: 'endless_list' })
    t.equal(server.requests.length, 1000)
  })

  t.test('may be large, but not without end', async (t) => {
    const icon = 'x'.repeat(20_000)
    const large = (count: number) =>
      answer(200, {
        credentials: Array.from({ length: count }, (_, index) => ({
          ...credential,
          id: `cre-${index}`,
          aaguidDetails: { name: 'iCloud Keychain', iconLight: icon },
        })),
        paging: onePage,
      })
    const { client } = await start(t, large(40))
    t.equal((await idsOf(client)).length, 40)
    const { client: other } = await start(t, large(60))
    await t.rejects(idsOf(other), { code: 'CORBADO_UPSTREAM_INVALID_RESPONSE' })
  })

  t.test('stops where the reader stops', async (t) => {
    const { server, client } = await start(t, answer(200, pageOf(1, 3)))
    for await (const { id } of client.credentials.iterate('usr-1')) {
      t.equal(id, 'cre-1-0')
      break
    }
    t.equal(server.requests.length, 1)
  })
})
