export * from '@corbado-connect/core/errors'
