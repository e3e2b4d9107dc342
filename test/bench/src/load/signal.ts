/** Patience with a broker that does not say a word. */
const NO_ANSWER = 60_000;

/** Something that is waited for, and either happens or cannot any more. */
export class Signal {
  readonly given: Promise<void>;
  #give: () => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.given = new Promise((resolve, reject) => {
      this.#give = resolve;
      this.#fail = reject;
    });
    const patience = setTimeout(() => this.fail('nothing more came for a minute'), NO_ANSWER);
    this.given.catch(() => {}).finally(() => clearTimeout(patience));
  }

  give(): void {
    this.#give();
  }

  fail(why: string): void {
    this.#fail(new Error(why));
  }
}
