// One kept-alive connection of the load generator: sends a request, waits for its answer, sends the next one.
import { connect } from 'node:net'

/**
 * @param {number} port
 * @param {{ next: () => string | Buffer | undefined, answered: (status: number, ms: number) => void }} load
 *   `next` returns undefined when the load ends; status 0 is a connection that broke
 */
export function openConnection(port, load) {
  let received = ''
  let sentAt = 0
  const socket = connect({ port, host: 'localhost', noDelay: true })

  const send = () => {
    const request = load.next()
    if (request === undefined) return socket.destroy()
    sentAt = performance.now()
    socket.write(request, 'latin1')
  }
  socket.setEncoding('latin1')
  socket.once('connect', send)
  socket.on('data', (text) => {
    received += text
    const answer = completeAnswer(received)
    if (answer === undefined) return
    received = ''
    load.answered(answer.status, performance.now() - sentAt)
    if (!answer.closes) return send()
    socket.destroy()
    openConnection(port, load)
  })
  const broken = () => load.answered(0, 0)
  socket.once('end', broken)
  socket.once('error', broken)
}

/** Reads an answer once all of it has arrived. */
function completeAnswer(text) {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)
  const complete = length === null ? text.endsWith('\r\n\r\n') : text.length >= headEnd + 4 + Number(length[1])
  if (!complete) return undefined
  return { status: Number(text.slice(9, 12)), closes: /\r\nconnection: close/i.test(text.slice(0, headEnd)) }
}
