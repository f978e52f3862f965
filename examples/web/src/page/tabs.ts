/** What other tabs should know: who is signed in has changed, or which passkeys there are. */
export type News = 'session' | 'passkeys'

/** Keeps the tabs of one browser of one mind. Nothing but the news travels: each tab asks the app itself. */
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
