/** As of when everything is told, and a warning when that is too long ago. */
import { byId, setText } from "../shared/dom";
import { texts } from "../shared/language";
import { clock, secondsBetween } from "../shared/time";

const words = texts.portal;
/** Two cuts and a half: by then at least one has failed to come. */
const OLD_S = 25 * 60;
const LOOK_AGAIN_MS = 30_000;

export class Freshness {
  private readonly warning = byId("warning");
  private made: Date | undefined;
  private failure: string | undefined;

  constructor() {
    setInterval(() => this.say(), LOOK_AGAIN_MS);
  }

  /** Nothing was made before the first cut. */
  learn(cutAt: string | null): void {
    this.made = cutAt === null ? undefined : new Date(cutAt);
    this.failure = undefined;
    setText(byId("cut"), this.made === undefined ? words.noCut : words.cut(clock(this.made, new Date())));
    this.say();
  }

  fail(failure: string): void {
    this.failure = failure;
    this.say();
  }

  private say(): void {
    const text = this.failure === undefined ? this.age() : [this.failure, this.made === undefined ? "" : words.shownIsOld].join(" ");
    setText(this.warning, text);
    this.warning.hidden = text === "";
  }

  private age(): string {
    if (this.made === undefined) return "";
    const ageS = secondsBetween(this.made, new Date());
    return ageS > OLD_S ? words.old(texts.age(ageS)) : "";
  }
}
