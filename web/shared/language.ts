/** Which language the page speaks: Japanese, unless the address asks for English. */
import { en } from "./texts/en";
import { ja, type Texts } from "./texts/ja";

const LANGUAGES = { ja, en } as const;
type Language = keyof typeof LANGUAGES;

function languageOfAddress(): Language {
  return new URLSearchParams(location.search).get("lang") === "en" ? "en" : "ja";
}

export const language: Language = languageOfAddress();
export const texts: Texts = LANGUAGES[language];

/** Marks the document with its language and turns the link into a switch that keeps the rest of the address. */
export function prepareLanguage(title: string, link: HTMLAnchorElement): void {
  const other: Language = language === "ja" ? "en" : "ja";
  document.documentElement.lang = language;
  document.title = title;
  link.textContent = LANGUAGES[other].languageName;
  link.lang = other;
  link.hreflang = other;
  const address = new URL(location.href);
  address.searchParams.set("lang", other);
  link.href = address.href;
  link.addEventListener("click", () => {
    address.hash = location.hash;
    link.href = address.href;
  });
}
