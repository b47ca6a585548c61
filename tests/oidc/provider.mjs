// A real OpenID provider for the tests: node provider.mjs ISSUER REDIRECT-URI SECRET. Whoever types a name is signed in by it.
import Provider from "oidc-provider";

const [issuer, redirectUri, secret] = process.argv.slice(2);

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "snowtrack",
      client_secret: secret,
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: [secret] },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    // "a+hana@city.example" is another person who has hana's address by now.
    claims: () => ({ sub: id, name: id, email: id.replace(/^.*\+/, ""), email_verified: !id.startsWith("unverified") }),
  }),
});

provider.listen(Number(new URL(issuer).port), "127.0.0.1", () => console.log("ready"));
