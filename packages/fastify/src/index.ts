export * from '@corbado-connect/core'
export type { FastifyContext } from './http.js'
export { defineOptions, type FastifyConnectOptions } from './options.js'
export {
  type CorbadoConnect,
  type CorbadoConnectPlugin,
  corbadoConnect,
  type Exchange,
  type Register,
  type RegisteredUser,
} from './plugin.js'
