import { randomInt } from 'node:crypto'

const digits = '0123456789'
const lettersAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Corbado's identifiers are a prefix and a long number, such as `ctk-940364795071150919`. */
export function newId(prefix: 'ctk' | 'usr' | 'cre' | 'ide' | 'was' | 'req' | 'pki'): string {
  // Never a leading zero: it would vanish if somebody read the number as one.
  return `${prefix}-${1 + randomInt(9)}${randomText(17, digits)}`
}

export const newConnectTokenSecret = (): string => `ctk1_${randomText(30)}`

export const newJti = (): string => randomText(30)

export const newClientHandle = (): string => `ceh-${randomText(30)}`

export const newProcessId = (): string => randomText(20)

function randomText(length: number, alphabet = lettersAndDigits): string {
  let text = ''
  for (let i = 0; i < length; i++) text += alphabet.charAt(randomInt(alphabet.length))
  return text
}
