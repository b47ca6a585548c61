/** Coming in: with a name and a password, or with an invitation to choose one. */
import "@digital-go-jp/design-tokens/dist/tokens.css";
import "../shared/page.css";
import "./signIn.css";
import { byId, setText } from "../shared/dom";
import { prepareLanguage, texts } from "../shared/language";
import { ServerFailure, describeFailure, fetchJson, sendJson } from "../shared/server";
import { ADDRESSES } from "./api";

const PASSWORD_SIGNS_MIN = 12;
const words = texts.signIn;

interface Ways {
  openid: boolean;
}

/** It stands behind the '#', so that it is sent to no server and written into no log. */
const behind = new URLSearchParams(location.hash.slice(1));
const invitation = behind.get("invitation");

const name = byId<HTMLInputElement>("name");
const password = byId<HTMLInputElement>("password");
const submit = byId<HTMLButtonElement>("submit");
const fault = byId("fault");

function prepare(): void {
  const title = invitation === null ? words.title : words.choose;
  prepareLanguage(title, byId<HTMLAnchorElement>("language"));
  setText(byId("title"), title);
  setText(byId("purpose"), invitation === null ? words.purpose : words.invited);
  setText(byId("name-label"), words.name);
  setText(byId("password-label"), words.password);
  setText(submit, invitation === null ? words.signIn : words.choosePassword);
  if (invitation === null) {
    password.autocomplete = "current-password";
    byId("password-note").hidden = true;
    return;
  }
  byId("name-field").hidden = true;
  name.required = false;
  password.autocomplete = "new-password";
  password.minLength = PASSWORD_SIGNS_MIN;
  setText(byId("password-note"), words.passwordNote(PASSWORD_SIGNS_MIN));
}

/** By way of the organisation, where that is offered; and what became of it. */
async function offerOrganisation(): Promise<void> {
  setText(byId("openid"), words.byOrganisation);
  const came = behind.get("fault");
  if (came !== null) say(came === "unknown" ? words.unknownAccount : words.organisationFailed);
  const ways = await fetchJson<Ways>(ADDRESSES.ways).catch((): Ways => ({ openid: false }));
  byId("openid").hidden = !ways.openid;
}

function say(text: string): void {
  setText(fault, text);
  fault.hidden = false;
}

async function comeIn(): Promise<void> {
  fault.hidden = true;
  submit.disabled = true;
  try {
    if (invitation === null) await sendJson("POST", ADDRESSES.session, { name: name.value, password: password.value });
    else await sendJson("POST", ADDRESSES.invitation, { invitation, password: password.value });
    location.replace(`./${location.search}`);
  } catch (failure) {
    const refused = failure instanceof ServerFailure && failure.kind === "signedOut";
    say(refused ? (invitation === null ? words.wrong : words.invitationOver) : describeFailure(failure));
    submit.disabled = false;
    password.select();
  }
}

prepare();
void offerOrganisation();
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  void comeIn();
});
