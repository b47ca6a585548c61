/** A list of named facts whose values can be renewed in place. */
import { element, setText } from "../shared/dom";

export class Facts {
  readonly list: HTMLDListElement;
  private readonly values = new Map<string, HTMLElement>();

  constructor(className = "facts") {
    this.list = element("dl", { class: className });
  }

  /** Adds the fact when it is new. */
  set(name: string, value: string): void {
    setText(this.valueOf(name), value);
  }

  place(name: string, ...value: Node[]): void {
    this.valueOf(name).replaceChildren(...value);
  }

  private valueOf(name: string): HTMLElement {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const value = element("dd");
    this.values.set(name, value);
    this.list.append(element("div", {}, element("dt", {}, name), value));
    return value;
  }
}
