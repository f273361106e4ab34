// Epochs that flows share: chain time moves on when every flow that still runs waits for it.

export class Rounds {
  #running = 0;
  #waiting = [];
  #advance;

  /** `advance` moves the chain's time into the next epoch. */
  constructor(advance) {
    this.#advance = advance;
  }

  enter(count) {
    this.#running += count;
  }

  /** Ends a flow's part; the others need not wait for it any longer. */
  leave() {
    this.#running -= 1;
    this.#advanceIfAllWait();
  }

  /** Waits until all flows wait, and the next epoch has begun. */
  async next() {
    const begun = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#advanceIfAllWait();
    return begun;
  }

  #advanceIfAllWait() {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#running) return;
    const waiting = this.#waiting.splice(0);
    this.#advance().then(
      () => waiting.forEach(({ resolve }) => resolve()),
      (error) => waiting.forEach(({ reject }) => reject(error)),
    );
  }
}
