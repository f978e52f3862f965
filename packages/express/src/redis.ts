export * from '@corbado-connect/core/redis'
