// Read by a library inside Corbado's client, which otherwise sends a usage beacon to its maker once in a thousand loads.
// Imported before that client.
window.__fpjs_d_m = true

declare global {
  interface Window {
    __fpjs_d_m: boolean
  }
}

export {}
