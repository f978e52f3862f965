/** What other tabs need to know: the session or the list of passkeys has changed. */
export type News = 'session' | 'passkeys'

/** Keeps the tabs of one browser in sync. Only the kind of change is sent; each tab asks the app for the rest. */
export class Tabs {
  readonly #channel = new BroadcastChannel('passkeys-example')

  constructor(onNews: (news: News) => void) {
    this.#channel.addEventListener('message', ({ data }) => {
      if (data === 'session' || data === 'passkeys') onNews(data)
    })
  }

  tell(news: News): void {
    this.#channel.postMessage(news)
  }
}
