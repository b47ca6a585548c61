/** The API's documentation: Swagger UI over the server's own description, all of it from this host. */
import "@digital-go-jp/design-tokens/dist/tokens.css";
import "swagger-ui-dist/swagger-ui.css";
import "../shared/page.css";
import "./docs.css";
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { byId, setText } from "../shared/dom";
import { prepareLanguage, texts } from "../shared/language";

prepareLanguage(texts.docs.title, byId<HTMLAnchorElement>("language"));
setText(byId("back"), texts.docs.back);

// Without `validatorUrl: null` Swagger UI would send the description to a validator on another host.
SwaggerUI({ domNode: byId("docs"), url: "/openapi.json", validatorUrl: null, deepLinking: true });
