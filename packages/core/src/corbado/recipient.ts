/** Who waits for the result of a call, and may leave before it comes. */
export interface Recipient {
  readonly hasLeft: boolean
  /** Aborts when the recipient leaves. Ask for it only when there is something to end: most calls never need a signal. */
  readonly leaving: AbortSignal
}

/** @throws the reason of `leaving` */
export function throwIfLeft(recipient: Recipient | undefined): void {
  if (recipient?.hasLeft === true) recipient.leaving.throwIfAborted()
}
