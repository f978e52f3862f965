export * from '@corbado-connect/core'
export type { ExpressContext, ExpressPair } from './http.js'
export { defineOptions, type ExpressConnectOptions } from './options.js'
export { type CorbadoConnectRouter, corbadoConnect, corbadoConnect as default } from './router.js'
