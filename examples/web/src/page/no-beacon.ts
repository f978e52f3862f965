// A library inside Corbado's client sends a usage beacon to its vendor once in a thousand loads. This switches it off.
// Import this file before that client.
window.__fpjs_d_m = true

declare global {
  interface Window {
    __fpjs_d_m: boolean
  }
}

export {}
