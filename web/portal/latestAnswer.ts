/** Asking as somebody types: not for each letter, and only the answer to the latest question counts. */

const PAUSE_MS = 250;

export interface Hearer<Question, Answer> {
  ask(question: Question): Promise<Answer>;
  answered(answer: Answer, question: Question): void;
  failed(failure: unknown, question: Question): void;
}

export class LatestAnswer<Question, Answer> {
  private latest = 0;
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly hearer: Hearer<Question, Answer>) {}

  /** After a pause in which nothing else is asked. */
  askSoon(question: Question): void {
    this.forget();
    this.waiting = setTimeout(() => void this.ask(question), PAUSE_MS);
  }

  async ask(question: Question): Promise<void> {
    this.forget();
    const own = this.latest;
    try {
      const answer = await this.hearer.ask(question);
      if (own === this.latest) this.hearer.answered(answer, question);
    } catch (failure) {
      if (own === this.latest) this.hearer.failed(failure, question);
    }
  }

  private forget(): void {
    clearTimeout(this.waiting);
    this.latest += 1;
  }
}
