/** How somebody says which road: by its name as it is typed, or by where the device is. */
import { byId, setText } from "../shared/dom";
import { texts } from "../shared/language";

const words = texts.portal;
/** A place that was found some minutes ago is good enough, and costs no battery. */
const PLACE: PositionOptions = { enableHighAccuracy: true, maximumAge: 120_000, timeout: 15_000 };

export interface Wanted {
  lookFor(name: string): void;
  lookAround(lat: number, lon: number): void;
}

export class Finding {
  private readonly search = byId<HTMLInputElement>("search");
  private readonly near = byId<HTMLButtonElement>("near");
  private readonly notice = byId("place-notice");

  constructor(private readonly wanted: Wanted) {
    setText(byId("search-label"), words.search);
    setText(this.near, words.near);
    this.near.hidden = !("geolocation" in navigator);
    this.search.placeholder = words.searchHint;
    this.search.addEventListener("input", () => this.ask());
    this.near.addEventListener("click", () => (this.isNear ? this.ask() : this.locate()));
  }

  private get isNear(): boolean {
    return this.near.getAttribute("aria-pressed") === "true";
  }

  private ask(): void {
    this.press(false);
    this.say("");
    this.wanted.lookFor(this.search.value.trim());
  }

  private locate(): void {
    this.press(true);
    this.say(words.locating);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        // Meanwhile somebody may have typed.
        if (!this.isNear) return;
        this.search.value = "";
        this.say("");
        this.wanted.lookAround(coords.latitude, coords.longitude);
      },
      (failure) => {
        this.press(false);
        this.say(failure.code === failure.PERMISSION_DENIED ? words.placeRefused : words.placeUnknown);
      },
      PLACE,
    );
  }

  private press(near: boolean): void {
    this.near.setAttribute("aria-pressed", String(near));
  }

  private say(text: string): void {
    setText(this.notice, text);
  }
}
