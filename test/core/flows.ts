import {
  type Connect,
  type ConnectOptions,
  type ConnectUser,
  CorbadoClient,
  createConnect,
  type HttpContext,
  memoryReplayStore,
} from '@corbado-connect/core'
import { apiSecret, projectId } from './corbado-calls.js'
import { claimsOf } from './passkey-tokens.js'
import { type Fate, ScriptedUpstream } from './scripted-upstream.js'

type Options = ConnectOptions<ConnectUser, HttpContext>

/** Options that tests replace. */
export type FlowOptions = Partial<Omit<Options, 'client'>>

export type Flow = {
  connect: Connect<ConnectUser, HttpContext>
  /** Identifiers of the sessions that were created, in their order. */
  sessions: string[]
  /** Bodies of the verifications that were sent. */
  sent: string[]
  claims: typeof claimsOf
}

/** The flows over a scripted upstream; every identifier is a user unless `findUser` says otherwise. */
export function connectOver(
  fate: (body: string) => Fate | Promise<Fate>,
  { createSession, ...options }: FlowOptions = {},
): Flow {
  const sessions: string[] = []
  const sent: string[] = []
  const dispatcher = new ScriptedUpstream(fate, (body) => sent.push(body))
  const connect = createConnect<ConnectUser>({
    findUser: (identifier) => ({ identifier }),
    // The default store is shared by the whole process, and tests submit the same token to several flows.
    replayStore: memoryReplayStore(),
    ...options,
    client: new CorbadoClient({ projectId, apiSecret, backendApi: 'http://127.0.0.1:1', dispatcher }),
    createSession: async (login, context) => {
      const answer = await createSession?.(login, context)
      sessions.push(login.user.identifier)
      return answer ?? { user: login.user.identifier }
    },
  })
  return { connect, sessions, sent, claims: claimsOf }
}
