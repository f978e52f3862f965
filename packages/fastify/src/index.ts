export * from '@corbado-connect/core'
export type { FastifyContext, FastifyPair } from './http.js'
export { defineOptions, type FastifyConnectOptions } from './options.js'
export {
  type CorbadoConnect,
  type CorbadoConnectPlugin,
  corbadoConnect,
  corbadoConnect as default,
  type Register,
  type RegisteredUser,
} from './plugin.js'
