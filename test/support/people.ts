import type { ConnectUser, HttpContext, SessionLogin, SessionStrategy } from '@corbado-connect/fastify'

/** A user of the applications under test. */
export interface Person extends ConnectUser {
  readonly identifier: string
  readonly displayName?: string
  readonly suspended?: boolean
}

/** The users of one application under test. */
export class People {
  readonly #people = new Map<string, Person>()
  /** Every identifier that `find` was asked for. */
  readonly askedFor: string[] = []

  constructor(...people: Person[]) {
    for (const person of people) this.#people.set(person.identifier, person)
  }

  readonly find = (identifier: string): Person | null => {
    this.askedFor.push(identifier)
    const person = this.#people.get(identifier)
    return person === undefined || person.suspended === true ? null : person
  }

  suspend(identifier: string): void {
    this.#people.set(identifier, { identifier, suspended: true })
  }
}

export const ada: Person = { identifier: 'ada-7d4c', displayName: 'Ada Lovelace' }
export const bob: Person = { identifier: 'bob-91aa' }

/** A session without cryptography, for tests of everything else: the header `x-test-user` names the user. */
export class HeaderSession implements SessionStrategy<Person, HttpContext> {
  readonly logins: SessionLogin<Person>[] = []
  readonly allowNonBrowserClients: boolean

  constructor(allowNonBrowserClients = false) {
    this.allowNonBrowserClients = allowNonBrowserClients
  }

  getUser(
    { http }: HttpContext,
    findUser: (identifier: string) => Promise<Person | null>,
  ): Promise<Person | null> | null {
    const identifier = http.header('x-test-user')
    return identifier === undefined ? null : findUser(identifier)
  }

  createSession(login: SessionLogin<Person>): unknown {
    this.logins.push(login)
    return { success: true, user: login.user.identifier }
  }
}
