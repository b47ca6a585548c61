/** The side panel: shows one view at a time, lets it refresh itself every second, and gives the focus back on closing. */
import { byId } from "../shared/dom";
import { texts } from "../shared/language";

export interface View {
  /** A node, so that the view can rename itself when it learns more. */
  title: Text;
  content: HTMLElement;
  /** Called every second while the view is shown. */
  refresh(): void;
  /** Called when the view goes. */
  leave?(): void;
}

const REFRESH_MS = 1_000;

export class Panel {
  private readonly box = byId("panel");
  private readonly title = byId("panel-title");
  private readonly body = byId("panel-body");
  private view: View | undefined;
  private opener: HTMLElement | undefined;

  constructor() {
    const close = byId("panel-close");
    close.setAttribute("aria-label", texts.close);
    close.textContent = "×";
    close.addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    window.setInterval(() => this.view?.refresh(), REFRESH_MS);
  }

  show(view: View): void {
    if (this.view === undefined && document.activeElement instanceof HTMLElement) this.opener = document.activeElement;
    this.view?.leave?.();
    this.view = view;
    this.title.replaceChildren(view.title);
    this.body.replaceChildren(view.content);
    this.body.scrollTop = 0;
    this.box.hidden = false;
    view.refresh();
    this.title.focus({ preventScroll: true });
  }

  close(): void {
    if (this.view === undefined) return;
    this.view.leave?.();
    this.view = undefined;
    this.box.hidden = true;
    this.opener?.focus({ preventScroll: true });
  }
}
