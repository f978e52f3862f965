import type { AdapterOptions, ConnectUser } from '@corbado-connect/core'
import type { LogLevel, RegisterOptions } from 'fastify'
import type { FastifyContext } from './http.js'

/** The options of the core, and those that Fastify itself gives every plugin. */
export interface FastifyConnectOptions<User extends ConnectUser> extends AdapterOptions<User, FastifyContext> {
  /** Fastify's log level for our routes. */
  readonly logLevel?: LogLevel | undefined
  /** Fastify's log serializers for our routes. */
  readonly logSerializers?: NonNullable<RegisterOptions['logSerializers']> | undefined
}

/**
 * Types the hooks by your own user type where the options are written apart from the call. It returns them as they are.
 * `defineOptions({ findUser: (identifier: string) => users.get(identifier) ?? null, session })`
 */
export function defineOptions<User extends ConnectUser>(
  options: FastifyConnectOptions<User>,
): FastifyConnectOptions<User> {
  return options
}
